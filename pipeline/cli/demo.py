"""`resumes demo`: the whole journey on embedded defaults, in a directory of its own that is removed after."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.cli.show import hits_table, profile_table
from pipeline.domain.errors import ResumesError
from pipeline.domain.media_type import SUFFIXES
from pipeline.orchestration import wiring
from pipeline.orchestration.ray.local import free_port, service_running
from pipeline.settings import Settings
from resumes_client import Client

_SEARCHES = 3
_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
#: A demo must not write into anybody's database or bucket, or spend anybody's money.
_EMBEDDED: dict[str, Any] = {
    "db_url": None,
    "aws_s3_bucket_name": None,
    "gemini_api_key": None,
    "text_engine": "auto",
    "profile_engine": "auto",
}


class DemoFailed(ResumesError):
    """The demo did not end as it should."""


def samples_dir() -> Path:
    """The sample resumes: in the wheel, or beside the package in a checkout."""
    packaged = Path(str(resources.files("pipeline"))) / "_samples"
    return packaged if packaged.is_dir() else packaged.parent.parent / "samples"


def sample_files(*, scanned: bool) -> list[Path]:
    """The sample resumes; `scanned`: those that OCR reads too."""
    found = [path for path in samples_dir().rglob("*") if path.suffix in _SUFFIXES]
    return sorted(path for path in found if scanned or path.parent.name != "scanned")


def run_demo(
    settings: Settings,
    console: Console,
    *,
    vendors: Mapping[str, Any] | None = None,
    at_the_end: Callable[[Settings], None] = lambda settings: None,
) -> None:
    """Start the service, upload every sample, show the profiles and the searches; DemoFailed if any is wrong.

    Whatever the environment says, nothing is sent to a vendor but where `vendors` (settings by name) says so.
    `at_the_end` is called with the running service's settings.
    """
    from serve_app.app import build_app
    from serve_app.front import front

    data_dir = Path(tempfile.mkdtemp(prefix="resumes-demo-"))
    overrides: dict[str, Any] = {"data_dir": data_dir, "port": free_port(), "host": "127.0.0.1"}
    overrides |= _EMBEDDED | dict(vendors or {})

    def say(line: str) -> None:
        console.print(f"[dim]· {line}[/dim]", highlight=False)

    try:
        with service_running(
            settings.model_copy(update=overrides), build_app, front=front, say=say
        ) as service:
            say(f"The service is ready at {service.url}")
            client = Client(service.url, _demo_key(service.settings))
            # What vendors read, they are asked for: a stand-in knows the digital samples' words only.
            ids = _upload_samples(client, console, scanned=not vendors)
            _show_searches(client, ids, console)
            at_the_end(service.settings)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    console.print("[green]The demo passed.[/green] Start the service with `make serve`, or `resumes serve`.")


def _demo_key(settings: Settings) -> str:
    from pipeline.adapters.postgres.api_keys import ApiKeys

    engine = wiring.database(settings, name="demo", pool_size=1)
    try:
        return ApiKeys(engine).create("demo", ["upload", "read", "search"])[1]
    finally:
        engine.dispose()


def _upload_samples(client: Client, console: Console, *, scanned: bool) -> dict[str, str]:
    """Every sample uploaded and shown; the file name of each id. Raises DemoFailed."""
    files = sample_files(scanned=scanned)
    if not files:
        raise DemoFailed(f"No sample resume lies in {samples_dir()}: install the package again.")
    started = time.monotonic()
    uploaded = {str(client.upload(path)["id"]): path.name for path in files}
    console.print(f"\nUploaded {len(uploaded)} resumes over HTTP in {time.monotonic() - started:.1f} s.\n")
    failed = []
    for resume_id, name in uploaded.items():
        resume = client.wait(resume_id)
        if resume["status"] == "completed":
            console.print(profile_table(resume, title=name))
        else:
            detail = resume["error"]["detail"] if resume["error"] else "no reason given"
            failed.append(f"{name} ended as {resume['status']} ({detail})")
    console.print(f"\nThe last was completed {time.monotonic() - started:.1f} s after the first upload.\n")
    if failed:
        raise DemoFailed("; ".join(failed))
    return uploaded


def _show_searches(client: Client, names: dict[str, str], console: Console) -> None:
    """The searches of `samples/searches.json`. Raises DemoFailed where the top hit is not the right resume."""
    searches: list[dict[str, Any]] = json.loads((samples_dir() / "searches.json").read_text("utf-8"))
    wrong = []
    for search in [one for one in searches if not one["cross_language"]][:_SEARCHES]:
        hits = client.search(search["query"], limit=3)["items"]
        console.print(hits_table(hits, title=f"Search: {search['query']}"))
        top = names.get(str(hits[0]["id"])) if hits else None
        if top != search["top"]:
            wrong.append(f"{search['query']!r} found {top}, not {search['top']}")
    if wrong:
        raise DemoFailed("; ".join(wrong))
