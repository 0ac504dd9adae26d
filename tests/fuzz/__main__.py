"""The runner: one target, for so long, from its seeds and a corpus that grows."""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

import atheris

from tests.fuzz import TARGETS

#: Seconds for one input: the parsers' own limit is 20.
_SLOWEST_S = 20
_MEMORY_MIB = 2048


def main() -> None:
    """Does not return: libFuzzer ends the process, with 0 where it found nothing."""
    options = _options()
    # The target's own modules and their imports are instrumented as they are loaded.
    with atheris.instrument_imports(include=["pipeline", "serve_app", "PIL"], enable_loader_override=False):
        target = importlib.import_module(f"tests.fuzz.{options.target}")
        from pipeline.domain.errors import ResumesError

    def run(data: bytes) -> None:
        try:
            target.run(data)
        except ResumesError:
            return

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for number, seed in enumerate(target.seeds()):
            (seeds / f"{number:04}").write_bytes(seed)
        corpus = options.corpus or Path(folder) / "corpus"
        findings = options.findings or Path.cwd()
        for made in (corpus, findings):
            made.mkdir(parents=True, exist_ok=True)
        atheris.Setup(
            [
                sys.argv[0],
                f"-max_total_time={options.seconds}",
                f"-seed={options.seed}",
                f"-timeout={_SLOWEST_S}",
                f"-rss_limit_mb={_MEMORY_MIB}",
                f"-max_len={getattr(target, 'LONGEST', 65536)}",
                f"-artifact_prefix={findings}/{options.target}-",
                "-print_final_stats=1",
                *([str(options.only)] if options.only else [str(corpus), str(seeds)]),
            ],
            run,
        )
        atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations (default: by chance)")
    parser.add_argument("--corpus", type=Path, help="folder that new inputs are kept in, for the next run")
    parser.add_argument("--findings", type=Path, help="folder for inputs that fail (default: this one)")
    parser.add_argument("--only", type=Path, help="run this one input, and show how it fails")
    return parser.parse_args()


if __name__ == "__main__":
    main()
