"""What holds for every function and class: how entangled one may be, and what is told about those that others call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from radon.complexity import cc_visit
from radon.visitors import Class

ROOT = Path(__file__).resolve().parents[2]
_ENTANGLED = (
    15  # above it a function is read twice; radon counts boolean operators, as ruff's own rule does not
)
_TOLD = ("pipeline/reading", "pipeline/orchestration/core")
_Defined = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """Path from the root, and text, of each module below these folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def test_no_function_is_entangled() -> None:
    """Functions within functions count with the one around them."""
    entangled = [
        f"{path}:{block.lineno} {block.fullname}: {block.complexity}"
        for path, text in sources("pipeline", "serve_app", "benchmarks", "clients/python")
        for block in cc_visit(text)
        if not isinstance(block, Class) and block.complexity > _ENTANGLED
    ]
    assert not entangled, "\n".join(["take apart:", *entangled])


def public(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, _Defined]]:
    """Name and node of each public class and function of a module, and of the methods of its public classes."""
    for node in body:
        if isinstance(node, _Defined) and not node.name.startswith("_"):
            yield within + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{within}{node.name}.")


def test_what_others_call_is_told_about() -> None:
    """Public functions, methods and classes of reading and of orchestration's core have docstrings."""
    untold = [
        f"{path}:{node.lineno} {name}"
        for path, text in sources(*_TOLD)
        for name, node in public(ast.parse(text).body)
        if not ast.get_docstring(node)
    ]
    assert not untold, "\n".join(["without a docstring:", *untold])


def test_no_class_name_is_defined_twice() -> None:
    """A name in a log or a search means one class; private ones and those within others too."""
    places: dict[str, list[str]] = {}
    for path, text in sources("pipeline", "serve_app"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{path}:{node.lineno}")
    twice = [f"{name}: {found}" for name, found in places.items() if len(found) > 1]
    assert not twice, "\n".join(["rename all but one:", *twice])
