"""Sections in, a draft profile out: whatever engine is wired reads, and nothing is judged yet."""

from __future__ import annotations

from concurrent.futures import Executor

from pipeline.domain.profile import Profile
from pipeline.domain.sections import SectionedText
from pipeline.ports import PaidWork, ProfileEngine


class NormaliseProfile:
    """Asks the profile engine for a draft."""

    def __init__(self, engine: ProfileEngine) -> None:
        self._engine = engine

    @property
    def version(self) -> str:
        return self._engine.version

    async def run(self, sections: SectionedText, paid: PaidWork, cpu: Executor | None = None) -> Profile:
        """A draft whose facts point at lines, all `unverified`. `cpu` and what is raised: as `ProfileEngine.draft`."""
        return await self._engine.draft(sections, paid, cpu)
