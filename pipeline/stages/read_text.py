"""Read a document: fetch the original, and let the text engine answer its lines."""

from __future__ import annotations

import asyncio

from pipeline.domain.errors import EmptyDocument
from pipeline.domain.text import Text
from pipeline.domain.upload import StoredUpload
from pipeline.ports import ObjectStore, TextEngine


class ReadText:
    """StoredUpload -> Text."""

    def __init__(self, engine: TextEngine, objects: ObjectStore) -> None:
        self._engine = engine
        self._objects = objects

    async def run(self, upload: StoredUpload) -> Text:
        """The document's pages.

        Raises EmptyDocument when a person would see no text on any page, and whatever the engine and the
        object store raise.
        """
        content = await asyncio.to_thread(self._objects.read, upload.object_key)
        text = await self._engine.read(content, upload.mime)
        if not any(word.text for line in text.lines if not line.hidden for word in line.words):
            raise EmptyDocument()
        return text
