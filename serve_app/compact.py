"""The compact view: the profile's models with every fact replaced by its value.

The models are made from `pipeline.domain.profile`, so that the two views cannot drift apart.
"""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.domain.profile import Fact, Profile

_FACT_FIELDS = frozenset(Fact.model_fields)


@cache
def compact_model(model: type[BaseModel]) -> type[BaseModel]:
    """The model named `Compact<name>` with values in place of facts; the model itself where it holds none."""
    fields = {name: _compact(field.annotation) for name, field in model.model_fields.items()}
    if all(fields[name] == field.annotation for name, field in model.model_fields.items()):
        return model
    definitions: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if field.is_required():
            definitions[name] = (fields[name], ...)
        elif isinstance(field.default, BaseModel):
            definitions[name] = (fields[name], Field(default_factory=compact_model(type(field.default))))
        else:
            definitions[name] = (fields[name], field.default)
    return create_model(
        f"Compact{model.__name__}",
        __config__=ConfigDict(extra="forbid"),
        __doc__=f"{model.__name__}, as values only.",
        __module__=__name__,
        **definitions,
    )


def _compact(annotation: Any) -> Any:
    """A field's type with every Fact[T] in it replaced by T."""
    if isinstance(annotation, type) and issubclass(annotation, Fact):
        return annotation.model_fields["value"].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return compact_model(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return Union[tuple(_compact(argument) for argument in arguments)]  # noqa: UP007 - made at run time
    if origin is list:
        return list[_compact(arguments[0])]  # type: ignore[misc]
    return annotation


def compact(value: Any, model: type[BaseModel] | None = Profile) -> Any:
    """Stored JSON of a profile, with every fact replaced by its value; unverified facts are left out.

    By the shape of the data, so that a profile saved by an earlier version of the models is still shown; `model`
    tells only what goes with an unverified fact, because it cannot be without it.
    """
    if isinstance(value, dict):
        if value.keys() <= _FACT_FIELDS and {"value", "raw"} <= value.keys():
            return None if value.get("status") == "unverified" else value["value"]
        shown = {name: compact(member, _model_of(model, name)) for name, member in value.items()}
        return (
            None
            if any(shown.get(n) is None and value[n] is not None for n in _required(model, value))
            else shown
        )
    if isinstance(value, list):
        members = [compact(member, model) for member in value]
        return [member for member in members if member is not None]
    return value


def complete(value: Any, model: type[BaseModel] | None = Profile) -> Any:
    """Stored JSON of a profile with every member that `model` has: those that came after it was saved by default."""
    if isinstance(value, list):
        return [complete(member, model) for member in value]
    if not isinstance(value, dict) or model is None:
        return value
    return _defaults(model) | {
        name: complete(member, _model_of(model, name)) for name, member in value.items()
    }


@cache
def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_construct().model_dump(mode="json")


def _required(model: type[BaseModel] | None, value: dict[str, Any]) -> list[str]:
    fields = model.model_fields if model else {}
    return [name for name, field in fields.items() if field.is_required() and name in value]


@cache
def _model_of(model: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """The model of a field, where it holds one, a list of them, or one or None."""
    field = model.model_fields.get(name) if model else None
    return _first_model(field.annotation) if field else None


def _first_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _first_model(part))), None)


CompactProfile = compact_model(Profile)
