"""What holds for the repository itself."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.celery_baseline.paid import TaskPaidCall
from pipeline.domain import metrics
from pipeline.domain.errors import ConfigurationError
from pipeline.orchestration.core.paid import JobsPaidCall
from pipeline.ports import PaidCall
from pipeline.settings import env_example, load_settings
from tests.paid import MemoryPaidCall

ROOT = Path(__file__).resolve().parents[2]
OURS = ("pipeline", "serve_app", "resumes_client")


def test_the_env_example_lists_every_variable() -> None:
    """`.env.example` is made from the settings and must not drift from them."""
    assert (ROOT / ".env.example").read_text("utf-8") == env_example()


def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The value could be a secret."""
    monkeypatch.setenv("PORT", "s3cret")
    with pytest.raises(ConfigurationError, match="PORT") as error:
        load_settings()
    assert "s3cret" not in error.value.message


def test_settings_survive_the_way_through_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replicas read back exactly what the service was started with."""
    settings = load_settings(db_url="postgresql://u:p@h/d", port=1234, embedding_batch_tokens=3)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_metric_names_are_unique_and_prefixed() -> None:
    """One registry, no two of a name."""
    names = [metric.name for metric in metrics.ALL]
    assert len(set(names)) == len(names)
    assert all(name.startswith("resumes_") for name in names)


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("pipeline.cli", ("ray", "torch", "sqlalchemy", "fastapi", "pypdfium2")),
        ("pipeline.orchestration.wiring", ("torch", "pypdfium2", "fastapi")),
        (
            "pipeline.orchestration.ray.deployments",
            ("torch", "pypdfium2", "sentence_transformers", "fastapi"),
        ),
    ],
)
def test_a_module_does_not_import_what_it_does_not_use(module: str, forbidden: tuple[str, ...]) -> None:
    """Torch costs 214 MB and a second in each process: it is imported where it is used, and late."""
    code = f"import sys, {module}; print([m for m in {forbidden!r} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert loaded.stdout.strip() == "[]"


def test_the_benchmarks_import_what_exists() -> None:
    """Those that no test runs, for want of a GPU or of an hour, would be broken unnoticed by a name that is gone."""
    missing = []
    for path in sorted((ROOT / "benchmarks").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] not in OURS:
                continue
            module = importlib.import_module(str(node.module))
            for name in (alias.name for alias in node.names):
                is_package = hasattr(module, "__path__")
                if not hasattr(module, name) and not (is_package and find_spec(f"{node.module}.{name}")):
                    missing.append(f"{path.relative_to(ROOT)}: {node.module}.{name}")
    assert missing == []


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT)
    return [ROOT / name for name in listed.stdout.splitlines()]


def test_no_package_registry_is_named() -> None:
    """Whoever builds this chooses the registry; the repository names packages and versions only."""
    host = re.compile(
        r"https?://[^/\s]*("
        + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js", "proxy." + "golang"])
        + ")"
    )
    for path in tracked_files():
        if (
            path.suffix in {".py", ".toml", ".txt", ".md", ".yaml", ".yml", ".go", ".mod"}
            or path.name == "Makefile"
        ):
            assert not host.search(path.read_text("utf-8")), path


def test_every_dependency_is_pinned_by_version_alone() -> None:
    """`constraints.txt` holds name==version lines and nothing else."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.\-]+", line) for line in lines)
    assert "torch==2.13.0" in lines


@pytest.mark.parametrize("paid_call", [JobsPaidCall, MemoryPaidCall, TaskPaidCall])
def test_whatever_poses_as_a_paid_call_is_a_whole_one(paid_call: type) -> None:
    """The tests' one is checked by no type checker, and met by vendors' adapters all the same."""
    told = {name for name in vars(PaidCall) if not name.startswith("_")}
    assert {"remember", "ask", "now", "bill"} <= told
    assert {name for name in told if not hasattr(paid_call, name)} == set()
