"""The stand-in as google-genai's own client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors, types

from pipeline.adapters.gemini.answers import PersonAnswer, SkillsAnswer
from tests.standins.gemini import GeminiStandIn

PROMPT = "## header\nL3: Dale Ford\n+ L4: dale.ford@example.com"


@pytest.fixture
def gemini() -> Iterator[GeminiStandIn]:
    with GeminiStandIn() as stand_in:
        yield stand_in


def asked(gemini: GeminiStandIn, *, key: str = "stand-in-key", model: str = "gemini-3.8-flash", prompt: str = PROMPT,
          schema: Any = PersonAnswer) -> types.GenerateContentResponse:  # fmt: skip
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=schema.model_json_schema(), temperature=0
    )
    client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=gemini.url, timeout=5000))
    return client.models.generate_content(model=model, contents=prompt, config=config)


def test_an_unknown_document_is_read_by_a_few_rules(gemini: GeminiStandIn) -> None:
    """The answer points at lines of the prompt, by the schema that was sent, and counts tokens."""
    response = asked(gemini)
    answer = PersonAnswer.model_validate_json(response.text or "")
    assert answer.name is not None
    assert (answer.name.lines, answer.name.text) == ([3], "Dale Ford")
    assert [email.lines for email in answer.emails] == [[4]]
    assert response.usage_metadata is not None
    assert (response.usage_metadata.prompt_token_count or 0) > 0
    assert list(gemini.successes.values()) == [1]


def test_a_known_document_is_read_by_its_truth(gemini: GeminiStandIn) -> None:
    """A registered truth decides which lines are pointed at."""
    gemini.know({"truth": {"skills": ["Wound care", "Triage"]}})
    response = asked(gemini, prompt="## skills\nL9: Wound care and Triage", schema=SkillsAnswer)
    answer = SkillsAnswer.model_validate_json(response.text or "")
    assert [skill.text for skill in answer.skills] == ["Wound care", "Triage"]


@pytest.mark.parametrize(
    ("key", "model", "code"), [("bad", "gemini-3.8-flash", 400), ("stand-in-key", "x", 404)]
)
def test_keys_and_models_are_checked(gemini: GeminiStandIn, key: str, model: str, code: int) -> None:
    """As the API does: an unknown key is a 400, an unknown model a 404."""
    with pytest.raises(errors.ClientError) as error:
        asked(gemini, key=key, model=model)
    assert error.value.code == code


def test_an_unknown_member_is_refused(gemini: GeminiStandIn) -> None:
    """What the real API does not know must not pass a test."""
    body = {"contents": [{"parts": [{"text": PROMPT}]}], "generationConfig": {"temprature": 0}}
    url = f"{gemini.url}/v1beta/models/gemini-3.8-flash:generateContent"
    response = httpx.post(url, json=body, headers={"x-goog-api-key": gemini.api_key})
    assert response.status_code == 400
    assert "temprature" in response.json()["error"]["message"]


def test_a_natural_limit_throttles_with_the_time_to_wait(gemini: GeminiStandIn) -> None:
    """Buckets of requests a minute, told apart from injected throttles."""
    with GeminiStandIn(requests_per_minute=1) as small:
        asked(small)
        with pytest.raises(errors.ClientError) as error:
            asked(small)
        assert error.value.code == 429
        assert error.value.details["error"]["details"][0]["retryDelay"].endswith("s")
        assert (small.natural_throttles, small.struck["429"]) == (1, 0)


def test_shares_are_drawn_with_a_seed() -> None:
    """The same seed strikes the same requests."""
    struck = []
    for _ in range(2):
        with GeminiStandIn(shares={"empty": 0.5}, seed=4) as gemini:
            struck.append([asked(gemini).candidates in (None, []) for _ in range(8)])
    assert struck[0] == struck[1]
    assert 0 < sum(struck[0]) < 8


def test_models_and_tokens_can_be_looked_up(gemini: GeminiStandIn) -> None:
    """The free calls that a doctor makes."""

    async def look() -> tuple[str | None, int | None]:
        client = genai.Client(api_key=gemini.api_key, http_options=types.HttpOptions(base_url=gemini.url))
        model = await client.aio.models.get(model="gemini-3.8-flash")
        counted = await client.aio.models.count_tokens(model="gemini-3.8-flash", contents=PROMPT)
        return model.name, counted.total_tokens

    assert asyncio.run(look()) == ("models/gemini-3.8-flash", len(PROMPT) // 4 + 1)
