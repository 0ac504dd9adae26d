"""The OpenAPI document as it is committed, for whoever generates a client: `openapi.json`.

python -m serve_app.openapi            writes serve_app/openapi.json
python -m serve_app.openapi --check    exits 1 when the committed file is not what the code says
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from pipeline.settings import Settings
from serve_app.api import Services, build_api
from serve_app.routes.openapi import document, text

COMMITTED = Path(__file__).with_name("openapi.json")


def built() -> dict[str, Any]:
    """The document of an application without services: describing it connects to nothing."""
    nothing: dict[str, Any] = {
        field.name: None
        for field in fields(Services)
        if field.default is MISSING and field.name != "settings"
    }
    return document(build_api(Services(settings=Settings(_env_file=None), **nothing)))


def main() -> int:
    """Write the committed copy, or compare it with the code."""
    made = text(built())
    if "--check" in sys.argv[1:]:
        return 0 if COMMITTED.exists() and COMMITTED.read_text(encoding="utf-8") == made else 1
    COMMITTED.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
