"""Writes resumes_client/answers.py from the service's OpenAPI document: `make openapi` runs it.

It knows what this service's document uses, no more: a schema that it cannot express is an error, never an `Any`.
"""

from __future__ import annotations

import json
import keyword
import textwrap
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).parent / "resumes_client" / "answers.py"
DOCUMENT = Path(__file__).parents[2] / "serve_app" / "openapi.json"

#: What callers send: the methods' parameters stand for these.
_SENT = {"IngestionRequest", "ReprocessRequest", "SearchFilters", "SearchRequest"}
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_WIDTH = 110
_HEAD = '''"""The service's answers. Made from serve_app/openapi.json by typegen.py: do not edit.

They are JSON objects as they came: times are RFC 3339 strings, which `datetime.fromisoformat` reads. Ignore members and
values that are not known here: a later service may add some.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict
'''


def generate(document: dict[str, Any]) -> str:
    """The module's text. Raises ValueError for a schema that it does not know."""
    schemas = document["components"]["schemas"]
    named = {name: schema for name, schema in sorted(schemas.items()) if name not in _SENT}
    aliases = [_alias(name, schema) for name, schema in named.items() if schema["type"] == "string"]
    objects = [_object(name, schema) for name, schema in named.items() if schema["type"] != "string"]
    return "\n".join([_HEAD, *aliases, "", *objects]).rstrip("\n") + "\n"


def _alias(name: str, schema: dict[str, Any]) -> str:
    return "".join(_comment(_told(schema), "")) + f"{name}: TypeAlias = {_type(name, schema)}"


def _object(name: str, schema: dict[str, Any]) -> str:
    if schema["type"] != "object":
        raise ValueError(f"{name}: a {schema['type']!r} is not known here")
    fields = {}
    for field, about in schema.get("properties", {}).items():
        known = _type(f"{name}.{field}", about)
        fields[field] = known if field in schema.get("required", []) else f"NotRequired[{known}]"
    if not all(field.isidentifier() and not keyword.iskeyword(field) for field in fields):
        # Only a call takes any name; it is read at once, so that what it refers to is quoted.
        lines = [f'    "{field}": "{known}",\n' for field, known in fields.items()]
        return f'\n{name} = TypedDict(\n    "{name}",\n    {{\n    {"    ".join(lines)}    }},\n)\n'
    lines = [f"\nclass {name}(TypedDict):\n"]
    if "description" in schema:
        lines += [*_docstring(schema["description"]), "\n"]
    for field, known in fields.items():
        lines += [*_comment(_told(schema["properties"][field]), "    "), f"    {field}: {known}\n"]
    return "".join(lines)


def _told(schema: dict[str, Any]) -> str:
    """The description, and the values that an open enum is known to have."""
    values = _without_null(schema).get("x-extensible-enum")
    known = f"One of {', '.join(values)}, or what a later service adds." if values else ""
    return f"{schema.get('description', '')} {known}".strip()


def _docstring(text: str) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH - 10)
    if len(lines) == 1:
        return [f'    """{lines[0]}"""\n']
    return [f'    """{lines[0]}\n', *[f"    {line}\n" for line in lines[1:]], '    """\n']


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}#: {line}\n" for line in textwrap.wrap(text, _WIDTH - len(indent) - 3)]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    rest = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    if len(rest) != 1:
        raise ValueError(f"a choice of {len(rest)} types is not known here")
    return rest[0]


def _type(where: str, schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return f"{_type(where, _without_null(schema))} | None"
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "const" in schema:
        return f"Literal[{json.dumps(schema['const'])}]"
    if "enum" in schema:
        values = [json.dumps(value) for value in schema["enum"]]
        one_line = f"Literal[{', '.join(values)}]"
        a_line_each = "".join(f"    {value},\n" for value in values)
        return one_line if len(one_line) < _WIDTH // 2 else f"Literal[\n{a_line_each}]"
    kind = schema.get("type")
    if kind == "array" and "items" in schema:
        return f"list[{_type(where, schema['items'])}]"
    if kind == "object" and "properties" not in schema:
        values = schema.get("additionalProperties", True)
        return "dict[str, Any]" if values is True else f"dict[str, {_type(where, values)}]"
    if kind not in _PLAIN:
        raise ValueError(f"{where}: a {kind!r} is not known here")
    return _PLAIN[kind]


if __name__ == "__main__":
    ANSWERS.write_text(generate(json.loads(DOCUMENT.read_text("utf-8"))), "utf-8")
