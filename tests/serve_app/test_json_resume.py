"""The JSON Resume export, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.domain.profile import Person, Profile, ProfileLink, Work
from serve_app.json_resume import JsonResume, json_resume
from tests.serve_app.samples import profile, supported


def exported(made: Profile) -> dict[str, Any]:
    document = json_resume(made.model_dump(mode="json"))
    JsonResume.model_validate(document)
    return document


@pytest.mark.parametrize("made", [Profile(), profile()])
def test_what_is_not_known_is_left_out(made: Profile) -> None:
    """The schema has no nulls: an empty profile is an empty document."""
    assert nulls(exported(made)) == 0


def test_a_date_that_the_schema_does_not_take_is_left_out() -> None:
    """A document with one odd date is still valid."""
    made = Profile(work=[Work(title=supported("Nurse"), start=supported("2019-20"), end=supported("2020"))])
    assert exported(made)["work"] == [{"position": "Nurse", "endDate": "2020"}]


@pytest.mark.parametrize(
    ("printed", "uri"),
    [
        ("code.example.org/ada", "https://code.example.org/ada"),
        ("https://code.example.org/ada", "https://code.example.org/ada"),
    ],
)
def test_links_are_absolute(printed: str, uri: str) -> None:
    """The schema wants URIs; a scheme that is not printed is supplied."""
    made = Profile(person=Person(links=[ProfileLink(type="github", url=supported(printed))]))
    assert exported(made)["basics"]["profiles"] == [{"network": "github", "username": "ada", "url": uri}]


def nulls(value: Any) -> int:
    if isinstance(value, dict):
        return sum(nulls(member) for member in value.values())
    if isinstance(value, list):
        return sum(nulls(member) for member in value)
    return value is None
