"""Versions that nobody has to raise: they follow the sources and data that a stage runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import pipeline
from pipeline.domain.version import source_version

STAGES = ("pipeline.reading.sections.group", "pipeline.reading.profile")


@pytest.fixture
def versions_in(tmp_path: Path) -> Callable[[], list[str]]:
    """The versions of the two stages of reading, computed by a copy of the package (in `tmp_path`)."""
    shutil.copytree(Path(pipeline.__path__[0]), tmp_path / "pipeline", ignore=shutil.ignore_patterns("*.pyc"))
    program = f"from pipeline.domain.version import source_version as v; print(*map(v, {STAGES!r}))"

    def versions() -> list[str]:
        ran = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return ran.stdout.split()

    return versions


def test_a_copy_of_the_sources_has_the_same_version(versions_in: Callable[[], list[str]]) -> None:
    assert versions_in() == [source_version(stage) for stage in STAGES]


def test_a_word_more_in_a_lexicon_is_another_version(
    versions_in: Callable[[], list[str]], tmp_path: Path
) -> None:
    before = versions_in()
    with (tmp_path / "pipeline/reading/lexicon/titles.toml").open("a") as lexicon:
        lexicon.write("\n# one word more\n")
    assert versions_in()[1] != before[1]


def test_a_module_that_a_stage_runs_only_through_others_counts(
    versions_in: Callable[[], list[str]], tmp_path: Path
) -> None:
    before = versions_in()
    with (tmp_path / "pipeline/reading/lexicon/fold.py").open("a") as module:
        module.write("\n_NEW = 1\n")
    assert versions_in()[1] != before[1]


def test_what_a_stage_does_not_run_does_not_count(
    versions_in: Callable[[], list[str]], tmp_path: Path
) -> None:
    before = versions_in()
    for name in ("adapters/directory.py", "stages/verify_profile.py", "orchestration/wiring.py"):
        with (tmp_path / "pipeline" / name).open("a") as module:
            module.write("\n_NEW = 1\n")
    assert versions_in() == before


def test_line_ends_do_not_count(versions_in: Callable[[], list[str]], tmp_path: Path) -> None:
    before = versions_in()
    for path in (tmp_path / "pipeline/reading").rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert versions_in() == before


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"pipeline\.reading\.nothing"):
        source_version("pipeline.reading.nothing")
