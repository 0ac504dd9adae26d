"""`make demo-cloud`: the demo through S3, Textract and Gemini stand-ins, every SDK call on the wire.

The code that runs is the code that talks to the vendors themselves: boto3 and google-genai, pointed at servers on
this machine that their own models of the services check.
"""

from __future__ import annotations

import sys

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from pipeline.cli.demo import run_demo, samples_dir
from pipeline.cli.upkeep import show_cost
from pipeline.domain.errors import ResumesError
from pipeline.orchestration import wiring
from pipeline.settings import Settings, load_settings
from tests.standins.cloud import Cloud, cloud_running


def main() -> None:
    """Run the demo; exit status 1 and a sentence where it does not end as it should."""
    console = Console()
    try:
        with cloud_running() as cloud:
            cloud.know_samples(samples_dir())
            run_demo(
                load_settings(),
                console,
                vendors=secret(cloud.settings) | {"text_engine": "textract", "profile_engine": "gemini"},
                at_the_end=lambda settings: _show_end(settings, cloud, console),
            )
    except ResumesError as error:
        console.print(f"[red]Error:[/red] {error.message}", highlight=False, soft_wrap=True)
        sys.exit(1)


def secret(settings: dict[str, str]) -> dict[str, object]:
    """Settings as they are typed: what is a secret is wrapped as one."""
    names = ("aws_secret_access_key", "gemini_api_key")
    return {name: SecretStr(value) if name in names else value for name, value in settings.items()}


def _show_end(settings: Settings, cloud: Cloud, console: Console) -> None:
    calls = Table(
        "vendor", "call", "times", title="Calls on the wire", title_justify="left", title_style="bold"
    )
    for name, times in sorted(cloud.textract.calls.items()):
        calls.add_row("textract", name, str(times))
    calls.add_row("gemini", "generateContent", str(len(cloud.gemini.requests)))
    objects = cloud.aws.client("s3").list_objects_v2(Bucket=settings.aws_s3_bucket_name)["KeyCount"]
    calls.add_row("s3", "objects stored", str(objects))
    console.print(calls)
    engine = wiring.database(settings, name="demo", pool_size=1)
    try:
        show_cost(settings, engine, console, as_json=False)
    finally:
        engine.dispose()


if __name__ == "__main__":
    main()
