"""Which text of an entry's heading goes into which slot."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from pipeline.reading.entries.slots import Reading, Score, read_slots
from pipeline.reading.page.rows import Piece

_SLOTS = ("title", "employer", "place")


def test_no_other_assignment_reads_better_than_the_one_that_is_read() -> None:
    """It leaves those early that cannot become the best: here each is tried."""
    random = Random(7)
    for _ in range(150):
        pieces = [_piece(f"text{i}", random) for i in range(random.randint(1, 4))]
        scores = {name: {p.text: random.uniform(-0.3, 1.3) for p in pieces} for name in _SLOTS}
        slots: dict[str, Score] = {name: told.__getitem__ for name, told in scores.items()}
        order = random.uniform(-0.9, 0.9)
        best = read_slots(pieces, slots, order=order)
        assert best is not None
        assert abs(best.score - max(_every_score(pieces, slots, order, best))) < 1e-9


def _piece(text: str, random: Random) -> Piece:
    left = random.choice([0.1, 0.5])
    return Piece(text, ((0, 0),), 1, left, left + 0.2, 0.1, 0.12, 10.0, False)


def _every_score(
    pieces: Sequence[Piece], slots: Mapping[str, Score], order: float, best: Reading
) -> Iterator[float]:
    """What each assignment of the pieces is worth, by the parts that a reading says its score is made of."""
    for taken in itertools.product([None, *range(len(pieces))], repeat=len(slots)):
        filled = {name: i for name, i in zip(slots, taken, strict=True) if i is not None}
        tried = all(best.heading.scores[name][i] > -0.2 for name, i in filled.items())
        if tried and len(set(filled.values())) == len(filled):
            reading = Reading(tuple(pieces), filled, 0.0, best.heading)
            yield sum(amount for _, amount in reading.parts)
