"""The command line as a person meets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_NURSE = str(Path(__file__).parents[2] / "samples" / "nurse_single_column.pdf")
_ECOLOGIST = str(Path(__file__).parents[2] / "samples" / "ecologist_academic.pdf")


def resumes(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `resumes` in a process of its own, away from any `.env`."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "160", **environment},
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["status", "not-an-id"], {"API_KEY": "k"}, "is not an id"),
        (["upload", "/nowhere"], {"API_KEY": "k"}, "does not exist"),
        (["search", "nurse"], {}, "resumes keys create"),
        (["search", "nurse"], {"API_KEY": "k", "PORT": "none"}, "PORT is not usable"),
        (["keys", "create", "x", "--scope", "root"], {}, "There is no scope 'root'"),
        (["migrate"], {"DB_URL": "postgresql://nobody@127.0.0.1:1/x"}, "127.0.0.1"),
        (["migrate"], {"DB_URL": "mysql://x"}, "postgresql://"),
        (["reprocess"], {}, "Say which resumes"),
        (["reprocess", "--all", "--dry-run", "--from-stage", "read"], {}, "leave --from-stage out"),
        (["cost", "--resume", "x"], {}, "is not an id"),
        (["doctor"], {"TEXT_ENGINE": "everything"}, "TEXT_ENGINE is not usable"),
        (["inspect", "/nowhere.pdf"], {}, "name one file that is there"),
        (["inspect", "pyproject.toml"], {}, "are accepted"),
        (["inspect", _NURSE], {"MAX_UPLOAD_BYTES": "100"}, "MAX_UPLOAD_BYTES allows 100"),
    ],
)
def test_an_error_is_one_sentence_that_says_what_to_do(
    arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    """No traceback; exit status 1; the sentence on stderr."""
    ended = resumes(*arguments, **environment)
    assert ended.returncode == 1, ended.stderr
    assert sentence in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_a_folder_without_a_resume_is_said(tmp_path: Path) -> None:
    """An empty run must not look like a good one."""
    ended = resumes("upload", str(tmp_path), API_KEY="k")
    assert ended.returncode == 1
    assert "No resume" in ended.stderr
    assert ".docx" in ended.stderr


def test_a_key_is_printed_once_listed_without_its_secret_and_revoked(database_url: str) -> None:
    """Its life from the command line; stdout of `create` is the key alone, so that it can be captured."""
    token = resumes("keys", "create", "go", "--scope", "read", DB_URL=database_url).stdout.strip()
    assert re.fullmatch(r"rk_[\w-]{40,}", token)
    listed = resumes("keys", "list", DB_URL=database_url).stdout
    assert "go" in listed
    assert token not in listed
    key_id = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", listed)
    assert key_id
    assert resumes("keys", "revoke", key_id[0], DB_URL=database_url).returncode == 0
    again = resumes("keys", "revoke", key_id[0], DB_URL=database_url)
    assert again.returncode == 1
    assert "no live key" in again.stderr


def test_the_doctor_names_what_each_part_resolved_to(database_url: str, tmp_path: Path) -> None:
    """A healthy installation: every part ok, secrets not shown, REDIS_URL explained."""
    ended = resumes(
        "doctor", DB_URL=database_url, DATA_DIR=str(tmp_path), REDIS_URL="redis://:s3cret@broker:6379/0"
    )
    assert ended.returncode == 0, ended.stdout
    shown = " ".join(ended.stdout.split())
    for part in ("at revision", "pdfium", "all-MiniLM-L6-v2@", "384 dimensions", "no Celery broker"):
        assert part in shown
    assert "s3cret" not in ended.stdout
    assert database_url not in ended.stdout


def test_the_doctor_fails_with_the_part_that_is_broken(tmp_path: Path) -> None:
    """Exit status 1 and the sentence of that part; the others are still examined."""
    ended = resumes("doctor", DB_URL="postgresql://nobody@127.0.0.1:1/x", DATA_DIR=str(tmp_path))
    assert ended.returncode == 1
    assert "failed" in ended.stdout
    assert "384 dimensions" in ended.stdout


def test_a_service_that_is_not_there_is_said_at_once() -> None:
    """Not after minutes of trying again."""
    ended = resumes("search", "nurse", API_KEY="k", API_URL="http://127.0.0.1:9")
    assert ended.returncode == 1
    assert "resumes serve" in ended.stderr


def test_a_file_is_inspected_without_a_service_and_drawn_page_by_page(tmp_path: Path) -> None:
    """No database is asked; the first page goes to the file that was named, the others beside it."""
    nowhere = {"DB_URL": "postgresql://nobody@127.0.0.1:1/x", "DATA_DIR": "/proc/none"}
    ended = resumes("inspect", _ECOLOGIST, "--out", str(tmp_path / "page.png"), **nowhere)
    assert ended.returncode == 0, ended.stderr
    assert "-- Entries" in ended.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page-2.png", "page-3.png", "page.png"]


def test_one_page_is_inspected_as_json() -> None:
    """For tools: one object, the page that was asked for."""
    ended = resumes("inspect", _ECOLOGIST, "--page", "2", "--json")
    assert [page["number"] for page in json.loads(ended.stdout)["pages"]] == [2]


def test_a_page_that_is_not_there_is_said() -> None:
    """With the numbers that would do; nothing is printed or drawn."""
    ended = resumes("inspect", _NURSE, "--page", "9")
    assert ended.returncode == 1
    assert "--page takes 1 to 1" in ended.stderr
    assert ended.stdout == ""


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """One sentence, no traceback."""
    ended = resumes("inspect", _NURSE, "--out", str(tmp_path / "none" / "page.png"))
    assert ended.returncode == 1
    assert "name a file in a folder that is there" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
