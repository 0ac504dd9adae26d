"""The built wheel works without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

_PROBE = """
import asyncio, json, sys
from pathlib import Path
import migrations, pipeline, resumes_client, serve_app
site = Path(sys.argv[1])
for module in (migrations, pipeline, resumes_client, serve_app):
    assert Path(module.__file__).is_relative_to(site), module.__file__
from pipeline.adapters.postgres.migrate import head
from pipeline.cli.demo import samples_dir
from pipeline.domain.text import Text
from pipeline.orchestration import wiring
from pipeline.settings import load_settings
assert head()
assert samples_dir().is_relative_to(site) and len(list(samples_dir().glob("*.pdf"))) >= 8
assert json.loads((Path(serve_app.__file__).parent / "openapi.json").read_text())["openapi"].startswith("3.1")
sections = wiring.group_sections().run(Text((), "probe"))
asyncio.run(wiring.profile_engine(load_settings()).draft(sections, None))
print("works")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout and installed alone into a directory."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), cwd=ROOT
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", str(folder / "site"), str(wheel), cwd=folder)
    return folder / "site"


def run(*command: str, cwd: Path, **environment: str) -> str:
    ended = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, **environment}, timeout=240
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_the_wheel_carries_its_migrations_static_files_and_data(site: Path) -> None:
    """Everything is imported from the installed wheel, nothing from the checkout."""
    printed = run(sys.executable, "-c", _PROBE, str(site), cwd=site.parent, PYTHONPATH=str(site))
    assert printed.strip() == "works"


@pytest.mark.slow
def test_an_installed_wheel_migrates_a_database(site: Path, empty_database_url: str) -> None:
    """`resumes migrate` outside the checkout."""
    printed = run(
        *(sys.executable, "-m", "pipeline.cli", "migrate"),
        cwd=site.parent,
        PYTHONPATH=str(site),
        DB_URL=empty_database_url,
    )
    assert "at revision" in printed


@pytest.mark.slow
def test_the_python_client_is_a_wheel_of_its_own(tmp_path: Path) -> None:
    """It needs nothing of the service, carries its types, and has the version that it says."""
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation")
    run(*build, "--outdir", str(tmp_path), cwd=ROOT / "clients" / "python")
    (wheel,) = tmp_path.glob("resumes_client-*.whl")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", str(tmp_path / "site"), str(wheel), cwd=tmp_path)
    probe = (
        "import resumes_client, sys; from importlib.metadata import version; print(resumes_client.__file__, "
        "version('resumes-client') == resumes_client.__version__, 'pipeline' in sys.modules)"
    )
    printed = run(sys.executable, "-c", probe, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site"))
    assert printed.split() == [str(tmp_path / "site" / "resumes_client" / "__init__.py"), "True", "False"]
    assert (tmp_path / "site" / "resumes_client" / "py.typed").exists()
