"""Methods of a path: 405 with all that it answers, and HEAD wherever there is GET."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.problems import Problem, respond


class Methods:
    """Middleware before the router, which knows the methods of one route at a time, takes `upload` for a resume's id
    where the method is another, and answers HEAD nowhere."""

    def __init__(self, app: ASGIApp, routes: Iterable[APIRoute]) -> None:
        self._app = app
        self._plain: dict[str, set[str]] = {}
        self._patterns: dict[re.Pattern[str], set[str]] = {}
        for route in routes:
            methods = set(route.methods or ())
            methods |= {"HEAD"} if "GET" in methods else set()
            if route.param_convertors:
                self._patterns.setdefault(route.path_regex, set()).update(methods)
            else:
                self._plain.setdefault(route.path, set()).update(methods)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowed = self._allowed(get_route_path(scope))
        if allowed and scope["method"] not in allowed:
            names = ", ".join(sorted(allowed))
            problem = Problem(
                "method-not-allowed", f"This path answers {names} only.", headers={"Allow": names}
            )
            await respond(Request(scope), problem)(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _allowed(self, path: str) -> set[str]:
        """The methods of the path; empty where nothing is there."""
        found = self._plain.get(path)
        if found is None:
            found = set().union(*(methods for regex, methods in self._patterns.items() if regex.match(path)))
        return found

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif message["type"] == "http.response.body":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                if message.get("more_body", False):
                    raise _Enough

        inner = {**scope, "method": "GET"}  # the server's own scope goes on saying HEAD
        try:
            await self._app(inner, receive, without_body)
        except _Enough:
            pass
        finally:
            scope.update({name: inner[name] for name in ("route",) if name in inner})  # for the log


class _Enough(Exception):
    """Ends a stream whose head was all that was asked for."""
