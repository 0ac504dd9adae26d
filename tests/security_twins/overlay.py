"""A made resume as a PDF that more is drawn on, wherever nothing stands or under what does."""

from __future__ import annotations

import io
from functools import cache
from typing import NamedTuple

import pikepdf

from benchmarks.resume_maker import LAYOUTS, STYLES, Made, locales, make_resume, occupations
from benchmarks.resume_maker.library import locale

_LEADING = 12
PEOPLE = 24  #: of them: any more differ as little


class Spot(NamedTuple):
    """Where to write, in points from the bottom left: the first line's base, and the lines that fit."""

    x: float
    y: float


@cache
def made(number: int) -> Made:
    """One of the resumes, of any country, trade, layout and style."""
    at = number % PEOPLE
    every = sorted(locales())
    country = every[at % len(every)]
    jobs = sorted(occupations(locale(country)["lang"]))
    layouts = sorted(LAYOUTS)
    return make_resume(
        seed=9000 + at,
        layout=layouts[at % len(layouts)],
        style=STYLES[at % len(STYLES)],
        locale=country,
        occupation=jobs[at % len(jobs)],
    )


class Overlay:
    """The first page of a resume while more is drawn on it."""

    def __init__(self, number: int) -> None:
        self._made = made(number)
        self.pdf = pikepdf.open(io.BytesIO(self._made.pdf))
        self.page = self.pdf.pages[0]
        if "/Resources" not in self.page:
            self.page.Resources = pikepdf.Dictionary()
        self.add("Font", "Twin", font("Helvetica"))

    @property
    def free(self) -> Spot:
        """The widest band of the page without a word, a little below its top."""
        height = self._sides[1]
        bands, reach = [], 0.03 * height
        for _, top, _, bottom in sorted(self._boxes, key=lambda box: box[1]):
            bands.append((top * height - reach, reach))
            reach = max(reach, bottom * height)
        wide, top = max([*bands, (0.97 * height - reach, reach)])
        return Spot(60.0, height - top - wide / 2 - 4)

    @property
    def taken(self) -> Spot:
        """Where a line of the resume stands."""
        width, height = self._sides
        left, _, _, bottom = self._boxes[len(self._boxes) // 2]
        return Spot(left * width, height * (1 - bottom) + 2)

    @property
    def _sides(self) -> tuple[float, float]:
        left, bottom, right, top = (float(edge) for edge in self.page.MediaBox)
        return right - left, top - bottom

    @property
    def _boxes(self) -> list[list[float]]:
        return [word["bbox"] for word in self._made.words if word["page"] == 1]

    def add(self, kind: str, name: str, value: pikepdf.Object) -> None:
        """A resource of the page."""
        resources = self.page.Resources
        if f"/{kind}" not in resources:
            resources[f"/{kind}"] = pikepdf.Dictionary()
        resources[f"/{kind}"][f"/{name}"] = self.pdf.make_indirect(value)

    def draw(self, operators: str, *, below: bool = False) -> None:
        """Over what the page shows, or below it."""
        stream = self.pdf.make_stream(f"q\n{operators}\nQ\n".encode("cp1252"))
        self.page.contents_add(stream, prepend=below)

    def saved(self) -> bytes:
        """The file; equal for equal drawings."""
        out = io.BytesIO()
        self.pdf.save(out, deterministic_id=True)
        return out.getvalue()


def font(name: str) -> pikepdf.Dictionary:
    """One of the fonts that every reader has."""
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name("/" + name),
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )  # fmt: skip


def written(
    lines: tuple[str, ...], spot: Spot, *, size: float = 9, before: str = "", face: str = "Twin"
) -> str:
    """Operators that print the lines one below the other; `before` goes before each."""
    return "\n".join(
        f"BT /{face} {size} Tf {before} 1 0 0 1 {spot.x:.1f} {spot.y - number * _LEADING:.1f} Tm"
        f" ({_escaped(line)}) Tj ET"
        for number, line in enumerate(lines)
    )


def boxed(spot: Spot, colour: str, lines: int = 3) -> str:
    """Operators that fill a box as large as those lines."""
    return f"{colour} {spot.x - 4:.1f} {spot.y - lines * _LEADING:.1f} 420 {(lines + 1) * _LEADING} re f"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
