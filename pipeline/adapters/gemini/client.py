"""The Gemini API through google-genai: one request, its answer or what is wrong with it, and what it used."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from pipeline.domain.errors import ConfigurationError, VendorBusy
from pipeline.domain.spending import Usage
from pipeline.domain.trace import traceparent

if TYPE_CHECKING:
    from google.genai import types

MAX_OUTPUT_TOKENS = 32_768
_CREDENTIALS_AGAIN_S = 60.0  # until a key that was refused is tried again
_GRACE_S = 5.0  # beyond the client's own time-out, which tells more than ours
_LETTERS_A_TOKEN = 4  # of English
_DOWN = {500, 502, 503, 504}
_BLOCKED = {"SAFETY", "SPII", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's answer: its text, or a `problem` ("blocked SAFETY", "truncated", "empty", …)."""

    text: str | None
    problem: str | None
    usage: Usage | None


class GeminiClient:
    """Asks one model. Makes its connections when a loop first uses it."""

    def __init__(self, api_key: str, model: str, base_url: str | None, timeout_s: float) -> None:
        self.model = model
        self._api_key, self._base_url, self._timeout_s = api_key, base_url, timeout_s
        self._made: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def _client(self) -> Any:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # connections belong to the loop that made them
            from google import genai
            from google.genai import types

            # With a client of its own the SDK uses httpx and not aiohttp, whose time-outs it reports otherwise.
            options = types.HttpOptions(
                base_url=self._base_url,
                timeout=int(self._timeout_s * 1000),
                httpx_async_client=httpx.AsyncClient(
                    timeout=self._timeout_s, follow_redirects=False, event_hooks={"request": [_pass_trace_on]}
                ),
            )
            self._made = genai.Client(api_key=self._api_key, vertexai=False, http_options=options)
            self._loop = loop
        return self._made

    async def generate(self, told: str, prompt: str, schema: dict[str, Any]) -> Reply:
        """The model's answer to a prompt, in JSON of the schema. Raises VendorBusy."""
        from google.genai import types

        config = types.GenerateContentConfig(
            system_instruction=told,
            temperature=0,
            max_output_tokens=MAX_OUTPUT_TOKENS,
            response_mime_type="application/json",
            response_json_schema=schema,
        )
        try:
            response = await self._asked(
                self._client().aio.models.generate_content(model=self.model, contents=prompt, config=config)
            )
        except _Refused as refused:
            return Reply(None, f"refused {refused}", None)
        return Reply(*_read(response), usage=_usage(self.model, response))

    async def check(self) -> None:
        """Look the model up, which costs nothing. Raises ConfigurationError, VendorBusy."""
        try:
            await self._asked(self._client().aio.models.get(model=self.model))
        except _Refused as refused:
            raise ConfigurationError(
                f"Gemini refused to look up {self.model} ({refused}): check GEMINI_MODEL.", key="GEMINI_MODEL"
            ) from None

    async def _asked(self, request: Any) -> Any:
        """The response to a request. Raises VendorBusy; _Refused for what asking again cannot help."""
        from google.genai import errors

        try:
            async with asyncio.timeout(self._timeout_s + _GRACE_S):
                return await request
        except errors.APIError as error:
            raise _busy(error) from None
        except (httpx.TimeoutException, TimeoutError):
            raise VendorBusy(f"Gemini did not answer within {self._timeout_s:g} s.", key="timeout") from None
        except (httpx.HTTPError, OSError, json.JSONDecodeError) as error:
            raise VendorBusy(
                f"Gemini cannot be reached ({type(error).__name__}).", key="connection"
            ) from None


async def _pass_trace_on(request: httpx.Request) -> None:
    """Name the trace that a request belongs to."""
    if (told := traceparent()) is not None:
        request.headers["traceparent"] = told


class _Refused(Exception):
    """The API calls the request itself wrong."""


def _busy(error: Any) -> Exception:
    """What an error of the API means to whoever asked."""
    code, status = int(error.code or 0), str(error.status or "")
    if code == 429:
        return VendorBusy(
            "Gemini's rate limit is reached.", key="429", throttled=True, retry_after_s=_retry_after(error)
        )
    if code in _DOWN:
        return VendorBusy(f"Gemini is down ({code} {status}).", key=str(code))
    reasons = {detail.get("reason") for detail in _details(error)}
    if code in (401, 403) or "API_KEY_INVALID" in reasons or "API_KEY_EXPIRED" in reasons:
        return _check_settings(code, "Gemini refuses the key: check GEMINI_API_KEY and what it may use.")
    if code == 404:
        return _check_settings(code, "Gemini knows no such model: check GEMINI_MODEL.")
    if status == "FAILED_PRECONDITION":
        return _check_settings(
            code, "Gemini does not serve this project here: check its region and its billing."
        )
    if code == 408 or not 400 <= code < 500:
        return VendorBusy(f"Gemini answered {code} {status}.", key=str(code))
    return _Refused(f"{code} {status}".strip())


def _check_settings(code: int, message: str) -> VendorBusy:
    return VendorBusy(message, key=str(code), retry_after_s=_CREDENTIALS_AGAIN_S)


def _details(error: Any) -> list[dict[str, Any]]:
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    details = inner.get("details") if isinstance(inner, dict) else None
    return [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []


def _retry_after(error: Any) -> float | None:
    for detail in _details(error):
        told = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay", "")))
        if told and str(detail.get("@type", "")).endswith("RetryInfo"):
            return float(told[1])
    return None


def _read(response: types.GenerateContentResponse) -> tuple[str | None, str | None]:
    """The text of a response, or the problem with it."""
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        return None, f"blocked {_name(feedback.block_reason)}"
    if not response.candidates:
        return None, "empty"
    candidate = response.candidates[0]
    reason = _name(candidate.finish_reason) if candidate.finish_reason is not None else "STOP"
    if reason in _BLOCKED:
        return None, f"blocked {reason}"
    if reason == "MAX_TOKENS":
        return None, "truncated"
    if reason != "STOP":
        return None, f"stopped {reason}"
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    return (text, None) if text.strip() else (None, "empty")


def _name(reason: Any) -> str:
    return str(getattr(reason, "value", reason))


def _usage(model: str, response: types.GenerateContentResponse) -> Usage | None:
    told = response.usage_metadata
    if told is None:
        return None
    return Usage(
        "gemini",
        model,
        prompt_tokens=told.prompt_token_count or 0,
        cached_tokens=told.cached_content_token_count or 0,
        output_tokens=told.candidates_token_count or 0,
        thought_tokens=told.thoughts_token_count or 0,
    )


def estimated_tokens(*texts: str) -> int:
    """About as many input tokens as texts have: four letters of English, or one of other scripts, are one."""
    ascii_letters = sum(sum(c.isascii() for c in text) for text in texts)
    others = sum(map(len, texts)) - ascii_letters
    return ascii_letters // _LETTERS_A_TOKEN + others + 1
