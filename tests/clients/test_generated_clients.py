"""Clients that generators make of serve_app/openapi.json compile, upload, and read what comes back.

Go by openapi-generator, whose runtime is a PyPI package too. TypeScript by openapi-typescript needs npm and its
registry: TEST_NPM=1 runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from serve_app.openapi import COMMITTED
from tests.clients.test_go_client import environment, go  # noqa: F401 - a fixture
from tests.serve_app.conftest import Service, running
from tests.serve_app.samples import PDF

PROGRAMS = Path(__file__).with_name("generated")
UNKNOWN = "/problems/not-found"


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """What the command printed; fails with all of it."""
    done = subprocess.run(command, cwd=cwd, env=environment(**environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Service]:
    with running(database_url, tmp_path / "service") as service:
        yield service


@pytest.fixture
def resume(tmp_path: Path) -> Path:
    path = tmp_path / "cv.pdf"
    path.write_bytes(PDF)
    return path


@pytest.mark.slow
def test_a_go_client_of_openapi_generator_compiles_and_uploads(
    go: str,  # noqa: F811
    service: Service,
    resume: Path,
    tmp_path: Path,
) -> None:
    """On the standard library alone: the flag says that `view` tells which of the views an answer is."""
    generator = shutil.which("openapi-generator-cli", path=str(Path(sys.executable).parent))
    if generator is None:
        pytest.skip("no openapi-generator: `make setup` brings one")
    module = tmp_path / "client"
    run(
        *(generator, "generate", "--generator-name", "go", "--input-spec", str(COMMITTED)),
        *("--output", str(module), "--git-host", "resumes.example", "--git-user-id", "generated"),
        *("--git-repo-id", "resumes", "--global-property", "apiTests=false,modelTests=false"),
        *("--additional-properties", "packageName=resumes,useOneOfDiscriminatorLookup=true"),
        cwd=tmp_path,
    )
    (module / "upload").mkdir()
    shutil.copy(PROGRAMS / "upload.go", module / "upload")
    run(go, "vet", "./...", cwd=module)
    told = run(go, "run", "./upload", service.url, str(resume), cwd=module, API_KEY=service.token())
    assert told.split()[1:] == ["true", "full", UNKNOWN]


@pytest.mark.slow
def test_a_typescript_client_of_openapi_typescript_compiles_and_uploads(
    service: Service,
    resume: Path,
    tmp_path: Path,
) -> None:
    """Under `strict`, with every view narrowed by `view`."""
    if os.environ.get("TEST_NPM") != "1":
        pytest.skip("it installs from npm's registry: set TEST_NPM=1")
    project = tmp_path / "client"
    shutil.copytree(PROGRAMS, project)
    run("npm", "install", "--no-audit", "--no-fund", cwd=project)
    tools = project / "node_modules" / ".bin"
    run(tools / "openapi-typescript", COMMITTED, "--output", "types.d.ts", cwd=project)
    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "false")
    run(tools / "tsc", *options, "--outDir", "built", "upload.ts", cwd=project)
    told = run("node", "built/upload.js", service.url, str(resume), cwd=project, API_KEY=service.token())
    assert told.split()[1:] == ["true", "full", UNKNOWN, "-", "-"]
