"""A Gemini that answers over HTTP in a thread: the API's paths and shapes, faults on demand, and what it counted.

It reads the numbered lines of a prompt (`gemini_reading`), so what it answers is about the document. A request
that google-genai's own types do not know, or without the key, is answered as the API would.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Self

import jsonschema
import uvicorn
from google.genai import types
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.gemini_reading import Numbered, likeness, numbered, read, shown

Json = dict[str, Any]
FAULTS = (
    "429", "503", "500", "truncated", "safety", "spii", "recitation", "malformed", "prompt-block", "empty",
    "off-schema", "invented", "wrong-lines", "slow", "dropped",
)  # fmt: skip
_GROUP_OF = {"name": "person", "work": "experience", "education": "education", "skills": "skills"}
_CONFIG = {
    "temperature", "maxOutputTokens", "responseMimeType", "responseJsonSchema", "responseSchema", "topP", "topK",
    "candidateCount", "stopSequences", "thinkingConfig", "seed",
}  # fmt: skip
_REQUEST = {
    "contents",
    "systemInstruction",
    "generationConfig",
    "safetySettings",
    "tools",
    "toolConfig",
    "model",
}


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


class _Bucket:
    """Tokens a minute; `take` answers the seconds until there are enough, or 0."""

    def __init__(self, per_minute: float) -> None:
        self.rate, self.level, self.at = per_minute / 60, per_minute, time.monotonic()
        self.most = per_minute

    def take(self, amount: float) -> float:
        now = time.monotonic()
        self.level, self.at = min(self.most, self.level + (now - self.at) * self.rate), now
        if self.level < min(amount, self.most):
            return (min(amount, self.most) - self.level) / self.rate
        self.level -= amount
        return 0.0


class GeminiStandIn:
    """`with GeminiStandIn() as gemini:` serves on `gemini.url` until the block ends. Thread-safe.

    `shares` maps a fault to the share of requests that it strikes, drawn with `seed`; `next_faults` are struck
    first, in order (None for a request without one).
    """

    def __init__(
        self,
        *,
        api_key: str = "stand-in-key",
        models: tuple[str, ...] = ("gemini-3.8-flash",),
        shares: Mapping[str, float] | None = None,
        seed: int = 0,
        requests_per_minute: float = 1e9,
        tokens_per_minute: float = 1e9,
        retry_after_s: float = 0.05,
        slow_s: float = 1.0,
        latency_s: float = 0.0,
    ) -> None:
        self.api_key, self.models, self.shares = api_key, models, dict(shares or {})
        self.retry_after_s, self.slow_s, self.latency_s = retry_after_s, slow_s, latency_s
        self.next_faults: list[str | None] = []
        self.next_by_group: dict[str, list[str | None]] = {}  #: as `next_faults`, for one group
        self.faults_by_group: dict[str, str] = {}  #: a fault that strikes every request of a group
        self.successes: Counter[str] = Counter()  #: usable answers sent, by digest of the prompt
        self.computed: Counter[str] = Counter()  #: answers computed, those of dropped connections too
        self.struck: Counter[str] = Counter()  #: faults injected
        self.natural_throttles = 0
        self.requests: list[Json] = []  #: bodies of generateContent, as they came
        self.traceparents: list[str | None] = []  #: their headers
        self.groups: Counter[str] = Counter()
        self.invented: list[str] = []  #: values that were made up
        self.usage: Counter[str] = Counter()  #: tokens in all answers that were sent
        self._truths: list[Json] = []
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._buckets = _Bucket(requests_per_minute), _Bucket(tokens_per_minute)
        self._server: uvicorn.Server | None = None

    # Serving

    def __enter__(self) -> Self:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        routes = [
            Route("/{version}/models/{call:path}", self._post, methods=["POST"]),
            Route("/{version}/models/{model}", self._get, methods=["GET"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="error", lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def know(self, truth: Json) -> None:
        """Read this document's prompts by its truth: a sample's or a made resume's record, or its `truth`."""
        self._truths.append(truth.get("truth", truth))

    # Requests

    async def _get(self, request: Request) -> Response:
        refused = self._refused(request, request.path_params["model"])
        if refused:
            return refused
        model = request.path_params["model"]
        return JSONResponse({"name": f"models/{model}", "supportedGenerationMethods": ["generateContent"]})

    async def _post(self, request: Request) -> Response:
        model, _, method = request.path_params["call"].partition(":")
        refused = self._refused(request, model)
        if refused:
            return refused
        body = await request.json()
        if method == "countTokens":
            return JSONResponse({"totalTokens": _tokens(_texts(body.get("contents")))})
        if method != "generateContent":
            return _error(404, "NOT_FOUND", f"no method {method}")
        wrong = _wrong_request(body)
        if wrong:
            return _error(400, "INVALID_ARGUMENT", wrong)
        self.traceparents.append(request.headers.get("traceparent"))
        return await self._generate(body, model)

    def _refused(self, request: Request, model: str) -> Response | None:
        if request.path_params["version"] not in ("v1", "v1beta"):
            return _error(404, "NOT_FOUND", "no such version")
        if request.headers.get("x-goog-api-key") != self.api_key:
            detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            return _error(400, "INVALID_ARGUMENT", "API key not valid.", [detail])
        if model not in self.models:
            return _error(404, "NOT_FOUND", f"models/{model} is not found")
        return None

    async def _generate(self, body: Json, model: str) -> Response:
        prompt = _texts(body["contents"])
        schema = body["generationConfig"]["responseJsonSchema"]
        group = next(_GROUP_OF[name] for name in _GROUP_OF if name in schema["properties"])
        prompt_tokens = _tokens(prompt) + _tokens(_texts([body.get("systemInstruction") or {}]))
        with self._lock:
            self.requests.append(body)
            self.groups[group] += 1
            fault = self._fault(group)
            waits = [bucket.take(n) for bucket, n in zip(self._buckets, (1, prompt_tokens), strict=True)]
        if max(waits) > 0:
            self.natural_throttles += 1
            return _throttled(max(waits))
        if fault in ("429", "503", "500"):
            self.struck[fault] += 1
            unavailable = {"503": "UNAVAILABLE", "500": "INTERNAL"}
            return (
                _throttled(self.retry_after_s)
                if fault == "429"
                else _error(int(fault), unavailable[fault], "try again")
            )
        await asyncio.sleep(self.slow_s if fault == "slow" else self.latency_s)
        return await asyncio.to_thread(self._answer, group, prompt, schema, fault, model, prompt_tokens)

    def _fault(self, group: str) -> str | None:
        if self.next_faults:
            return self.next_faults.pop(0)
        if self.next_by_group.get(group):
            return self.next_by_group[group].pop(0)
        if group in self.faults_by_group:
            return self.faults_by_group[group]
        drawn = self._random.random()
        for fault, share in self.shares.items():
            drawn -= share
            if drawn < 0:
                return fault
        return None

    def _answer(
        self, group: str, prompt: str, schema: Json, fault: str | None, model: str, prompt_tokens: int
    ) -> Response:
        lines = numbered(prompt)
        answer = read(group, lines, self._truth_of(lines))
        jsonschema.validate(answer, schema)
        digest = hashlib.sha256(prompt.encode()).hexdigest()
        with self._lock:
            if fault:
                self.struck[fault] += 1
            if fault == "invented":
                self._invent(group, answer, lines)
            if fault == "wrong-lines":
                _misplace(answer, max((line.id for line in lines), default=0))
            self.computed[digest] += 1
        text = (
            '{"work": 7, "unheard": true}'
            if fault == "off-schema"
            else json.dumps(answer, ensure_ascii=False)
        )
        if fault == "truncated":
            text = text[: max(1, len(text) // 2)]
        response = _response(text, fault, prompt_tokens, model)
        types.GenerateContentResponse.model_validate(response)
        if fault == "dropped":
            return _Dropped()
        with self._lock:
            for name, count in response["usageMetadata"].items():
                self.usage[name] += count
            if fault in (None, "slow", "invented"):
                self.successes[digest] += 1
        return JSONResponse(response)

    def _truth_of(self, lines: list[Numbered]) -> Json | None:
        printed = shown(lines)
        best = max(self._truths, key=lambda truth: likeness(truth, printed), default=None)
        return best if best is not None and likeness(best, printed) > 0 else None

    def _invent(self, group: str, answer: Json, lines: list[Numbered]) -> None:
        """Make up one value that a reader would like to believe, and cite a line that does not print it."""
        if not lines:
            return
        number = len(self.invented) + 1
        line = lines[self._random.randrange(len(lines))].id
        value = f"Zyxel{number} Quorum Holdings"
        pointer = {"lines": [line], "text": value}
        if group == "person":
            value = f"zyxel{number}@example.com"
            answer["emails"].append({"lines": [line], "text": value})
        elif group == "experience":
            answer["work"].append({"employer": pointer, "title": None, "dates": None})
        elif group == "education":
            answer["education"].append({"institution": pointer, "degree": None, "dates": None})
        else:
            answer["skills"].append(pointer)
        self.invented.append(value)


class _Dropped(Response):
    """Breaks the connection where the answer should begin."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def _misplace(value: Any, last: int) -> None:
    """Move the first pointer found to a line that was not shown."""
    if isinstance(value, dict):
        if "lines" in value:
            value["lines"] = [last + 1000]
            return
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        _misplace(item, last)


def _response(text: str, fault: str | None, prompt_tokens: int, model: str) -> Json:
    reasons = {
        "truncated": "MAX_TOKENS", "safety": "SAFETY", "spii": "SPII", "recitation": "RECITATION",
        "malformed": "MALFORMED_FUNCTION_CALL",
    }  # fmt: skip
    output = 0 if fault in ("prompt-block", "empty", "safety", "spii") else _tokens(text)
    usage = {
        "promptTokenCount": prompt_tokens,
        "candidatesTokenCount": output,
        "thoughtsTokenCount": 12,
        "cachedContentTokenCount": prompt_tokens // 4,
        "totalTokenCount": prompt_tokens + output + 12,
    }
    response: Json = {"usageMetadata": usage, "modelVersion": model}
    if fault == "prompt-block":
        response["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
    elif fault == "empty":
        response["candidates"] = []
    elif fault in ("safety", "spii", "recitation", "malformed"):
        response["candidates"] = [{"finishReason": reasons[fault], "index": 0}]
    else:
        content = {"role": "model", "parts": [{"text": text}]}
        reason = reasons.get(fault or "", "STOP")
        response["candidates"] = [{"content": content, "finishReason": reason, "index": 0}]
    return response


def _wrong_request(body: Json) -> str | None:
    """What is wrong with a request: members that the API does not have, or contents that are none."""
    names = {_camel(name) for name in body}
    config = {_camel(name): value for name, value in (body.get("generationConfig") or {}).items()}
    strange = sorted((names - _REQUEST) | (set(config) - _CONFIG))
    if strange:
        return f"Unknown name: {', '.join(strange)}"
    if not body.get("contents"):
        return "contents is not specified"
    body["generationConfig"] = config
    for content in body["contents"]:
        types.Content.model_validate(content)
    if "responseJsonSchema" not in config:
        return "no schema was sent"
    jsonschema.Draft202012Validator.check_schema(config["responseJsonSchema"])
    return None


def _texts(contents: Any) -> str:
    return "\n".join(part.get("text", "") for content in contents or [] for part in content.get("parts", []))


def _tokens(text: str) -> int:
    return len(text) // 4 + 1


def _error(code: int, status: str, message: str, details: list[Json] | None = None) -> Response:
    error = {"code": code, "message": message, "status": status, "details": details or []}
    return JSONResponse({"error": error}, code)


def _throttled(seconds: float) -> Response:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:.3f}s"}
    return _error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", [retry])
