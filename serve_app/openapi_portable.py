"""The OpenAPI document as client generators can use it: oapi-codegen, openapi-generator, openapi-typescript and others.

What a caller sends is closed, as the service holds it. What the service answers is open: a member or a value that
a later version adds must break no client that was generated before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import NoneType
from typing import Any

from pydantic.alias_generators import to_pascal

Schema = dict[str, Any]

_REF = "#/components/schemas/"
#: Enums of answers that the contract closes: clients may switch over all of their values.
_CLOSED = frozenset({"Status", "IngestionState", "Outcome"})
#: Answers that leave out what is not known; every other one always has all of its members.
_LEAVES_OUT = re.compile(r"ProblemDocument|JsonResume(?!Resume$).*")


def portable(document: Schema) -> Schema:
    """The document, changed in place, and answered."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    sent = _reachable(schemas, [_without(operation, "responses") for operation in operations])
    answered = _reachable(schemas, [operation["responses"] for operation in operations])
    for name in answered - sent - _CLOSED:
        _open(name, schemas[name])
    for operation in operations:
        _name_choices(schemas, operation["responses"])
    for name, schema in schemas.items():
        if "enum" in schema:
            schema["x-enum-varnames"] = [
                name + to_pascal(value.replace("-", "_")) for value in schema["enum"]
            ]
    for part in _parts(document):
        # Generators write such a default into the client's source as it is, which does not compile.
        if isinstance(part.get("default", ""), dict | list | NoneType):
            del part["default"]
    return document


def _without(operation: Schema, member: str) -> Schema:
    return {name: value for name, value in operation.items() if name != member}


def _parts(value: Any) -> Iterator[Schema]:
    """Every object inside, from the outside in."""
    if isinstance(value, dict):
        yield value
        for member in list(value.values()):
            yield from _parts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _parts(member)


def _reachable(schemas: dict[str, Schema], roots: Any) -> set[str]:
    """The names of the schemas that these parts of the document refer to, directly or through others."""
    found: set[str] = set()
    waiting: list[Any] = [roots]
    while waiting:
        for part in _parts(waiting.pop()):
            name = part.get("$ref", "").removeprefix(_REF)
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _open(name: str, schema: Schema) -> None:
    """A schema of an answer: more members and more values may come, and nothing is left out."""
    if "properties" in schema:
        # Said aloud: some generators take silence for "no others".
        schema["additionalProperties"] = True
        if not _LEAVES_OUT.fullmatch(name):
            schema["required"] = list(schema["properties"])
    for part in _parts(schema):
        if "enum" in part:
            part["x-extensible-enum"] = part.pop("enum")
        part.pop("default", None)  # of the model that makes the answer: nothing that a client has to fill in


def _name_choices(schemas: dict[str, Schema], responses: Schema) -> None:
    """Where an answer is one of several, the member that tells which gets an enum of its own: a generator that
    tries one after the other would otherwise take the first."""
    for part in list(_parts(responses)):
        choice = part.get("discriminator")
        if choice is None:
            continue
        part["title"] = "AnyResume"
        for value, ref in choice["mapping"].items():
            owner = ref.removeprefix(_REF)
            name = owner + to_pascal(choice["propertyName"])
            schemas[name] = {"type": "string", "enum": [value], "title": name}
            schemas[owner]["properties"][choice["propertyName"]] = {"$ref": _REF + name}
