"""`resumes inspect`: how one file is read, in text, as JSON, and drawn over its pages."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from pipeline.cli.draw import drawn
from pipeline.cli.explain import Explained, as_data, as_text, explained
from pipeline.domain.errors import ConfigurationError
from pipeline.orchestration.inspection import Inspector
from pipeline.settings import Settings


def show_inspection(
    settings: Settings, file: Path, picture: Path | None, *, page: int | None, as_json: bool
) -> list[Path]:
    """Print how a file is read; the pictures that were written.

    Raises ConfigurationError where there is no such file or page, DocumentError where the file cannot be read.
    """
    content = _content(file)
    inspector = Inspector(settings)
    try:
        found = explained(file.name, asyncio.run(inspector.inspect(content)))
        if not found.pages(page):
            count = len(found.sections.text.pages)
            raise ConfigurationError(f"{file} has no page {page}: --page takes 1 to {count}.")
        if as_json:
            print(json.dumps(as_data(found, page), ensure_ascii=False, indent=1))
        else:
            for line in as_text(found, page):
                print(line)
        return asyncio.run(write_pictures(inspector, found, picture, page)) if picture else []
    finally:
        inspector.close()


async def write_pictures(
    inspector: Inspector, found: Explained, path: Path, only: int | None = None
) -> list[Path]:
    """Write the pages as PNGs: the first to `path`, the others beside it as NAME-2.png and so on; their paths.

    Raises ConfigurationError where they cannot be written.
    """
    written = []
    for number, page in enumerate(found.pages(only), 1):
        image = drawn(found, page, await inspector.picture(found.inspection, page.number))
        target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            image.save(target, "PNG")
        except OSError as error:
            raise ConfigurationError(
                f"{target} cannot be written ({error.strerror}): name a file in a folder that is there."
            ) from None
        written.append(target)
    return written


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}): name one file that is there."
        ) from None
