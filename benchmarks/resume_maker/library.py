"""Reads the content files: locales (with what they inherit) and occupations by language."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"


@cache
def locales() -> tuple[str, ...]:
    """The names that `make_resume` takes, such as 'en-GB'."""
    names = sorted(p.stem for p in (_DATA / "locales").glob("*.json"))
    return tuple(n for n in names if "given" in locale(n))


@cache
def locale(name: str) -> dict[str, Any]:
    """A locale over the one it extends; `employers` and the like are joined by key."""
    data: dict[str, Any] = json.loads((_DATA / "locales" / f"{name}.json").read_text("utf-8"))
    if "extends" not in data:
        return data
    base = locale(data["extends"])
    joined = {
        k: {**base[k], **v} for k, v in data.items() if isinstance(v, dict) and isinstance(base.get(k), dict)
    }
    return {**base, **data, **joined}


@cache
def occupations(lang: str) -> dict[str, dict[str, Any]]:
    """The occupations written in a language, by name."""
    found: dict[str, dict[str, Any]] = json.loads((_DATA / "occupations" / f"{lang}.json").read_text("utf-8"))
    return found
