"""The journey's states and moves."""

from __future__ import annotations

from pipeline.domain.journey import CLAIMABLE, LEGAL_MOVES, STATUS_OF, TERMINAL, JobState


def test_every_state_has_moves_and_a_status() -> None:
    """A state that callers cannot be shown, or whose moves nobody wrote down, is a hole."""
    assert set(LEGAL_MOVES) == set(JobState) == set(STATUS_OF)


def test_only_claimable_states_lead_to_running() -> None:
    """A terminal job never runs again."""
    assert {state for state, moves in LEGAL_MOVES.items() if JobState.RUNNING in moves} == CLAIMABLE


def test_terminal_states_lead_only_to_reprocessing_and_erasure() -> None:
    """What has ended stays as it ended, until somebody asks for it again or erases it; erased is for good."""
    assert all(LEGAL_MOVES[state] <= {JobState.QUEUED, JobState.ERASED} for state in TERMINAL)
    assert not LEGAL_MOVES[JobState.ERASED]


def test_every_state_can_be_erased() -> None:
    """Erasure is a person's right in whatever state the job is."""
    assert all(
        JobState.ERASED in moves for state, moves in LEGAL_MOVES.items() if state is not JobState.ERASED
    )
