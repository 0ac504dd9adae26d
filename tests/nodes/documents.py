"""Real documents with bytes of their own: equal ones would share their vectors, and cost nothing."""

from __future__ import annotations

from pathlib import Path

from pipeline.cli.demo import samples_dir


def distinct(folder: Path, number: int) -> list[Path]:
    """So many PDFs: the samples in turn, each with a comment of its own behind, other ones in another folder."""
    samples = sorted(samples_dir().glob("*.pdf"))
    paths = [folder / f"{one}.pdf" for one in range(number)]
    for one, path in enumerate(paths):
        path.write_bytes(samples[one % len(samples)].read_bytes() + f"\n% {folder.name} {one}\n".encode())
    return paths
