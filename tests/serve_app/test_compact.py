"""The compact view: values only, and only those that some line shows."""

from __future__ import annotations

from pipeline.domain.profile import Location, Person, Profile, ProfileLink, Skill, Text, Work, pointed
from serve_app.compact import CompactProfile, compact


def fact(value: str, *, shown: bool) -> Text:
    found = pointed(value, value, (1,))
    found.status = "supported" if shown else "unverified"
    return found


def test_a_fact_that_nothing_shows_is_not_in_the_compact_view() -> None:
    """With KEEP_UNVERIFIED it is stored and marked: a bare value could not be told from a true one."""
    profile = Profile(
        person=Person(
            emails=[fact("eve@example.com", shown=False), fact("ada@example.com", shown=True)],
            links=[ProfileLink(url=fact("example.com/eve", shown=False))],
            location=Location(raw=fact("Atlantis", shown=False), city=fact("Hull", shown=True)),
        ),
        work=[Work(employer=fact("Globex", shown=False), title=fact("Nurse", shown=True))],
        skills=[Skill(raw=fact("Rust", shown=False)), Skill(raw=fact("Triage", shown=True))],
    )
    view = compact(profile.model_dump(mode="json"))
    CompactProfile.model_validate(view)
    assert view["person"]["emails"] == ["ada@example.com"]
    assert view["person"]["links"] == []
    assert view["person"]["location"]["raw"] is None
    assert view["person"]["location"]["city"] == "Hull"
    assert view["work"][0]["employer"] is None
    assert view["work"][0]["title"] == "Nurse"
    assert [skill["raw"] for skill in view["skills"]] == ["Triage"]
