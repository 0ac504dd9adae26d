"""Save: write finished resumes, fenced by their leases."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domain.result import ResumeResult, Verdict
from pipeline.ports import ResultStore


class SaveResume:
    """Results of several resumes in one transaction."""

    def __init__(self, store: ResultStore) -> None:
        self._store = store

    def run(self, results: Sequence[ResumeResult]) -> list[Verdict]:
        """A verdict for each result, in order. Raises DatabaseUnavailable: then nothing was saved."""
        # One application twice in a batch (a re-run beside a stalled first run) would lock its own row
        # twice under two epochs: the last epoch is the only one that can be live.
        newest = {
            result.lease.resume_id: index
            for index, result in sorted(enumerate(results), key=lambda item: item[1].lease.epoch)
        }
        chosen = sorted(newest.values())
        verdicts = [Verdict.LEASE_LOST] * len(results)
        for index, verdict in zip(chosen, self._store.save([results[i] for i in chosen]), strict=True):
            verdicts[index] = verdict
        return verdicts
