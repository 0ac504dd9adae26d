"""Whether the service's memory grows: many mixed uploads, the memory of each process sampled and drawn.

PDFs of one to a dozen pages, Word files, a few PNG scans and broken files, each unlike every other one. Memory is
the proportional set size of the service's processes, without this one.

    python -m benchmarks.soak --uploads 2000 [--out var/soak]

Writes soak.png. The last line is a JSON object: `drift_percent` is the linear fit of the whole service's memory over
the uploads after the warm-up (the first 500, at most a quarter), its end against its beginning;
`drift_quarters_percent` the mean of the last quarter of those samples against that of the first.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import tempfile
import threading
import time
import zipfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
from PIL.PngImagePlugin import PngInfo
from rich.console import Console
from rich.table import Table

from benchmarks.plot import line_chart
from benchmarks.resume_maker import iter_resumes
from benchmarks.resume_maker.word import word_file
from benchmarks.sampling import memory_of, title_of
from benchmarks.service import Service, running
from resumes_client import Client

_MIB = 1024 * 1024
_CLIENTS = 6
_MADE, _SCANS = 40, 8
_LONG_PAGES = 12
_DPI = 150
_WARM_UP = 500
_EVERY_S = 3.0
#: Of each hundred uploads, so that the load is the same all the while: a page in OCR's hands takes 400 MiB, and more of
#: them towards the end would be taken for growth. The first scan comes at once: OCR's child is no growth either.
_OF_A_HUNDRED = {"pdf": 66, "long pdf": 4, "docx": 18, "png": 2, "broken": 10}
_FIRST_SCAN = 2
_DRAWN = 8


class Mix:
    """Files by number: kinds in an order by chance, bytes that no other number has."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        made = list(iter_resumes(_MADE, seed))
        self._pdfs = [one.pdf for one in made]
        self._long = [_long(self._pdfs[n:]) for n in range(4)]
        self._words = [word_file(one.truth) for one in made]
        # OCR on this machine knows Latin script.
        english = iter_resumes(_SCANS, seed + 1, locale="en-GB")
        self._pages = [pypdfium2.PdfDocument(one.pdf)[0].render(scale=_DPI / 72).to_pil() for one in english]
        self._broken = [self._pdfs[0][: len(self._pdfs[0]) // 10], _encrypted(self._pdfs[1]), b"%PDF-1.7\n"]

    def _kinds(self, hundred: int) -> list[str]:
        kinds = [kind for kind, share in _OF_A_HUNDRED.items() for _ in range(share)]
        random.Random(f"{self._seed}/hundred {hundred}").shuffle(kinds)
        if hundred == 0:
            first = kinds.index("png")
            kinds[_FIRST_SCAN], kinds[first] = kinds[first], kinds[_FIRST_SCAN]
        return kinds

    def file(self, number: int) -> tuple[str, Path]:
        """(kind, path); the caller removes the file."""
        chance = random.Random(f"{self._seed}/{number}")
        kind = self._kinds(number // 100)[number % 100]
        path = self._folder / f"{number}.{kind.split()[-1]}"
        mark = f"upload {number}"
        match kind:
            case "docx":
                path.write_bytes(chance.choice(self._words))
                with zipfile.ZipFile(path, "a") as archive:
                    archive.comment = mark.encode()
            case "png":
                told = PngInfo()
                told.add_text("Comment", mark)
                chance.choice(self._pages).save(path, pnginfo=told)
            case _:
                pool = {"pdf": self._pdfs, "long pdf": self._long, "broken": self._broken}[kind]
                path.write_bytes(chance.choice(pool) + f"\n%% {mark}\n".encode())
        return kind, path


def _long(pdfs: list[bytes]) -> bytes:
    """A dozen pages of several resumes."""
    joined = pikepdf.new()
    for content in pdfs:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            joined.pages.extend(pdf.pages)
        if len(joined.pages) >= _LONG_PAGES:
            break
    del joined.pages[_LONG_PAGES:]
    out = io.BytesIO()
    joined.save(out)
    return out.getvalue()


def _encrypted(content: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return out.getvalue()


@dataclass
class Memory:
    """Samples of the service's memory, taken by a thread while the block runs; whoever uploads counts `ended`."""

    service: Service
    ended: int = 0
    samples: list[tuple[int, dict[str, float]]] = field(
        default_factory=list
    )  #: (uploads ended, MiB by title)
    children: set[int] = field(default_factory=set)  #: pids of parser children seen
    most_children: int = 0  #: at one time
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(_EVERY_S):
            self._sample()

    def _sample(self) -> None:
        at, sizes = self.ended, defaultdict[str, float](float)
        children = set()
        for process in self.service.processes():
            name = title_of(process).split(".")[0]  # without the method that a replica runs just now
            if name and name != "driver":
                sizes[name] += memory_of(process) / _MIB
            if name == "parser child":
                children.add(process.pid)
        self.children |= children
        self.most_children = max(self.most_children, len(children))
        self.samples.append((at, dict(sizes)))


def run(uploads: int, out: Path, seed: int) -> dict[str, Any]:
    """The figures of one soak; writes the chart."""
    ends: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder, running() as service:
        mix = Mix(Path(folder), seed)
        client = service.client(patience_s=300)
        began = time.monotonic()
        with Memory(service) as memory, ThreadPoolExecutor(_CLIENTS) as pool:
            for ended in as_completed([pool.submit(_one, client, mix, n) for n in range(uploads)]):
                kind, status = ended.result()
                ends[kind, status] += 1
                memory.ended += 1
                if (kind == "broken") is (status == "completed"):
                    raise RuntimeError(f"a {kind} upload ended as {status}")
        seconds = time.monotonic() - began
        client.close()
    out.mkdir(parents=True, exist_ok=True)
    draw(out / "soak.png", memory.samples)
    return figures(memory, uploads) | {
        "uploads": uploads,
        "seconds": round(seconds, 1),
        "ends": {f"{kind}: {status}": count for (kind, status), count in sorted(ends.items())},
        "chart": str(out / "soak.png"),
    }


def _one(client: Client, mix: Mix, number: int) -> tuple[str, str]:
    """The kind of this upload and how it ended."""
    kind, path = mix.file(number)
    try:
        resume_id = client.upload(path)["id"]
    finally:
        path.unlink()
    return kind, str(client.wait(resume_id, timeout=600)["status"])


def figures(memory: Memory, uploads: int) -> dict[str, Any]:
    """Drift, peak and what was recycled."""
    warm = min(_WARM_UP, uploads // 4)
    after = [(at, sum(sizes.values())) for at, sizes in memory.samples if at >= warm]
    drift, by_quarters = drifts(after)
    peak = max(sum(sizes.values()) for _, sizes in memory.samples)
    return {
        "drift_percent": drift,
        "drift_quarters_percent": by_quarters,
        "warm_up_uploads": warm,
        "samples": len(after),
        "peak_mib": round(peak),
        "parser_children": len(memory.children),
        "parser_children_at_once": memory.most_children,
        "children_recycled": len(memory.children) > memory.most_children,
        "last_mib": {name: round(size, 1) for name, size in sorted(memory.samples[-1][1].items())},
    }


def drifts(samples: list[tuple[int, float]]) -> tuple[float, float]:
    """(the fitted line's end against its beginning, the last quarter's mean against the first's), in per cent."""
    x, y = (np.array(column, dtype=float) for column in zip(*samples, strict=True))
    slope, start = np.polyfit(x, y, 1)
    first, last = start + slope * x[0], start + slope * x[-1]
    quarter = max(1, len(y) // 4)
    head, tail = y[:quarter].mean(), y[-quarter:].mean()
    return round(float(100 * (last / first - 1)), 2), round(float(100 * (tail / head - 1)), 2)


def draw(path: Path, samples: list[tuple[int, dict[str, float]]]) -> None:
    """The service's memory and that of its largest kinds of processes over the uploads."""
    peaks = Counter[str]()
    for _, sizes in samples:
        peaks |= Counter(sizes)
    series = {"the service": [(at, sum(sizes.values())) for at, sizes in samples]}
    for name, _ in peaks.most_common(_DRAWN):
        series[name] = [(at, sizes.get(name, 0.0)) for at, sizes in samples]
    line_chart(path, series, title="Memory of the service", across="uploads ended", up="PSS, MiB")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--uploads", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path("var/soak"), help="folder of the chart")
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    found = run(given.uploads, given.out, given.seed)
    table = Table("figure", "value", title=f"A soak of {given.uploads} uploads", title_justify="left")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), str(value))
    Console(width=100).print(table)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
