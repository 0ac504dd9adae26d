"""What the README tells a newcomer to type, typed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.service import Service

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"The first ten calls by curl.*?```console\n(.*?)```", re.S)
_DONE = "-- done --"


def _commands() -> list[str]:
    found = _BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    return [command.strip() for command in re.split(r"^\$ ", found[1], flags=re.M) if command.strip()]


def test_the_readmes_calls_do_what_they_say(service: Service, tmp_path: Path) -> None:
    """One shell runs them in order, as a newcomer would; each answers, and none with a problem."""
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    commands = _commands()
    # A busy machine may need more than one wait.
    waited = [
        f"for n in 1 2 3 4 5 6; do {call.split('#')[0]} | grep -q completed && break; done\n{call}"
        if "?wait=" in call
        else call
        for call in commands
    ]
    script = f"\necho; echo '{_DONE}'\n".join([*waited, ""])
    script = script.replace("http://127.0.0.1:8000", service.url)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"API_KEY": service.key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = dict(zip(commands, ran.stdout.split(_DONE), strict=False))
    answers = {
        call: json.loads(text) for call, text in said.items() if call.startswith("curl") and text.strip()
    }
    assert len([call for call in commands if "curl" in call]) == 10
    assert len(answers) == 7, said
    assert not [answer for answer in answers.values() if "/problems/" in str(answer.get("type"))]

    def answer(part: str) -> dict:
        return next(told for call, told in answers.items() if part in call)

    assert answer("?wait=")["status"] == "completed"
    assert (
        answer("?wait=")["id"] == answer("-X DELETE")["id"] == answer("external_id=ats-17&")["items"][0]["id"]
    )
    assert answer("/search")["items"]
    assert answer("/ingestions/")["source"]
    original = (tmp_path / "original.pdf").read_bytes()
    assert original == (tmp_path / "samples" / "nurse_single_column.pdf").read_bytes()
