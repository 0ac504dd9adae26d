"""The rules as a profile engine: sections in, a draft whose facts point at lines out."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor

from pipeline.domain.profile import Profile
from pipeline.domain.sections import SectionedText
from pipeline.domain.version import source_version
from pipeline.ports import PaidWork
from pipeline.reading.profile import draft_of


class RulesEngine:
    """Reads a profile by rules and lexica alone: no model, no network, milliseconds a page."""

    version = f"rules-{source_version('pipeline.reading.profile')}"

    async def draft(
        self, sections: SectionedText, paid: PaidWork | None = None, cpu: Executor | None = None
    ) -> Profile:
        """As `ProfileEngine.draft`; nothing here is paid."""
        return await asyncio.get_running_loop().run_in_executor(cpu, draft_of, sections)

    async def check(self) -> None:
        """Rules are always there."""
