"""What a result was made by: a digest of the sources and data that a stage runs. Nobody has to remember to raise it.

Every module that the first one imports from this package is counted, and so is every data file beside one of them.
Comments count too: a version says which code made a profile, and decides about no stored answer. What an answer that
was paid for is stored under is what was asked (`docs/decisions/010-versions-are-computed.md`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_ROOT = "pipeline"
_DIGITS = 8  # of 4 billion digests, some hundred releases have two alike with a chance of one in a million
_IMPORT = re.compile(r"^[ \t]*from (pipeline[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_NAME = re.compile(r"\w+")
_DATA = (".toml", ".md", ".json", ".txt")


@cache
def source_version(module: str) -> str:
    """Eight hex digits over what `module` runs of ours, e.g. "5c0f19ab": equal on every machine for equal sources.

    `module` is a dotted name below `pipeline`. Raises ModuleNotFoundError where there is no such module.
    """
    digest = hashlib.sha256()
    for name, content in sorted(_sources(module).items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]


def _sources(module: str) -> dict[str, bytes]:
    """The content of every file that counts, by a name that is the same wherever the package is installed."""
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _path(name)
        if path is None:
            raise ModuleNotFoundError(name)
        found[name] = content = _content(path)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for data in _folder(package).iterdir():
            if data.name.endswith(_DATA):
                found[f"{package}/{data.name}"] = _content(data)
        waiting += _imported(content.decode())
    return found


def _imported(source: str) -> Iterator[str]:
    for match in _IMPORT.finditer(source):
        package, names = match.groups()
        # `from pipeline.adapters import pdf` names a module, and so may each name behind it.
        for name in (package, *(f"{package}.{one}" for one in _NAME.findall(names))):
            if _path(name) is not None:
                yield name


def _path(module: str) -> Traversable | None:
    folder = _folder(module)
    own = _folder(module.rpartition(".")[0]).joinpath(f"{module.rpartition('.')[2]}.py")
    return next((one for one in (own, folder.joinpath("__init__.py")) if one.is_file()), None)


def _folder(package: str) -> Traversable:
    return files(_ROOT).joinpath(*package.split(".")[1:])


def _content(file: Traversable) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n")
