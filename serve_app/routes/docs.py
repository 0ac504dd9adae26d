"""The API's own pages: Swagger from files of this service (no CDN), and what each problem type means."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from serve_app.problems import PROBLEM_TYPES, Problem, ProblemType

router = APIRouter(include_in_schema=False)

#: Everything from this host, nothing inline: the page works under this policy, and so does the service.
_SWAGGER_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Resumes API</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""
_VENDORED = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}


@router.get("/docs")
async def swagger() -> Response:
    """Swagger UI."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _SWAGGER_CSP})


@router.get("/docs/assets/{name}")
async def asset(name: str) -> Response:
    """A file of Swagger UI."""
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _VENDORED:
        raise Problem("not-found", "Swagger UI has no such file: /docs is the page.")
    return Response(
        _vendored(name), media_type=_VENDORED[name], headers={"Cache-Control": "public, max-age=86400"}
    )


@cache
def _vendored(name: str) -> bytes:
    return (files("fastapi_swagger") / "resources" / name).read_bytes()


@router.get("/problems")
async def problem_types() -> Response:
    """Every problem type."""
    return _page("Problem types", "".join(_section(kind) for kind in PROBLEM_TYPES.values()))


@router.get("/problems/{slug}")
async def problem_type(slug: str) -> Response:
    """One problem type: what the `type` of a problem document points at."""
    kind = PROBLEM_TYPES.get(slug)
    if kind is None:
        raise Problem("not-found", "There is no such problem type: /problems lists them all.")
    return _page(kind.title, _section(kind))


def _section(kind: ProblemType) -> str:
    return (
        f"<h2>{html.escape(kind.title)}</h2>\n<p><code>/problems/{kind.slug}</code>, status {kind.status}</p>\n"
        f"<p>{html.escape(kind.description)}</p>\n"
    )


def _page(title: str, body: str) -> Response:
    return HTMLResponse(
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{html.escape(title)}</title></head>\n'
        f"<body>\n{body}</body>\n</html>\n"
    )
