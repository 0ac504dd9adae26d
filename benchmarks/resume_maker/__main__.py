"""Command line: `python -m benchmarks.resume_maker --out DIR --n N --seed S [--layout …] | --samples DIR`."""

import argparse
import json
from pathlib import Path

from . import LAYOUTS, STYLES, iter_resumes, locales, samples


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resume_maker", description=__doc__)
    parser.add_argument("--samples", type=Path, help="write the committed samples into this folder")
    parser.add_argument(
        "--out", type=Path, help="write N resumes into this folder: pdf/, truth/made/, words/"
    )
    parser.add_argument("--n", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", choices=list(LAYOUTS))
    parser.add_argument("--style", choices=STYLES)
    parser.add_argument("--locale", choices=locales())
    parser.add_argument("--occupation", help="only where the locale's language has it")
    return parser.parse_args()


def write_many(options: argparse.Namespace) -> None:
    """PDFs, truths where score.py looks for them, and words."""
    folders = [options.out / name for name in ("pdf", "truth/made", "words")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    fixed = {
        k: getattr(options, k) for k in ("layout", "style", "locale", "occupation") if getattr(options, k)
    }
    for made in iter_resumes(options.n, options.seed, **fixed):
        case = made.truth["case_id"]
        (folders[0] / f"{case}.pdf").write_bytes(made.pdf)
        truth = {**made.truth, "pdf": f"pdf/{case}.pdf"}
        (folders[1] / f"{case}.json").write_text(json.dumps(truth, ensure_ascii=False), "utf-8")
        (folders[2] / f"{case}.json").write_text(json.dumps(made.words, ensure_ascii=False), "utf-8")


def main() -> None:
    """Writes the samples, or N resumes at random."""
    options = arguments()
    if options.samples:
        samples.write(options.samples)
    if options.out:
        write_many(options)


if __name__ == "__main__":
    main()
