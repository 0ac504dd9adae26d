"""Differences between two profiles, as a rehearsal prints them."""

from __future__ import annotations

from pipeline.domain.differences import Difference, differences
from pipeline.domain.profile import Name, Person, Profile, Skill, Work, pointed


def stored(*works: tuple[str, str], name: str = "Ada Example", skills: tuple[str, ...] = ()) -> dict:
    return Profile(
        person=Person(name=Name(full=pointed(name, name, [0]))),
        work=[Work(employer=pointed(e, e, [1]), title=pointed(t, t, [1])) for e, t in works],
        skills=[Skill(raw=pointed(s, s, [2])) for s in skills],
    ).model_dump(mode="json")


def test_equal_profiles_differ_in_nothing_however_they_were_made() -> None:
    """Evidence, confidence, versions and seconds are no differences."""
    before, after = stored(("A", "x")), stored(("A", "x"))
    after["meta"]["seconds"] = {"read": 1.0}
    after["work"][0]["employer"]["evidence"] = []
    assert differences(before, after) == []


def test_a_changed_value_is_named_by_its_path() -> None:
    """Before and after, as values."""
    assert differences(stored(name="Ada"), stored(name="Ada Example")) == [
        Difference("person.name.full", "Ada", "Ada Example")
    ]


def test_a_new_entry_does_not_change_those_after_it() -> None:
    """Entries are paired by what they share, not by their place."""
    found = differences(stored(("B", "y"), ("C", "z")), stored(("A", "x"), ("B", "y"), ("C", "z")))
    assert [(d.path, d.before) for d in found] == [("work[0]", None)]
    assert found[0].after["employer"] == "A"


def test_a_lost_entry_is_named() -> None:
    """With what it was."""
    (found,) = differences(stored(skills=("Go", "SQL")), stored(skills=("SQL",)))
    assert (found.path, found.before["raw"], found.after) == ("skills[0]", "Go", None)


def test_a_first_profile_differs_in_everything_it_has() -> None:
    """A resume that had failed has no profile yet."""
    assert Difference("person.name.full", None, "Ada Example") in differences({}, stored())
