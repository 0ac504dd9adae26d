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


def compact(value: Any) -> Any:
    """Stored JSON of a profile, with every fact replaced by its value.

    By the shape of the data, so that a profile saved by an earlier version of the models is still shown.
    """
    if isinstance(value, dict):
        if value.keys() <= _FACT_FIELDS and {"value", "raw"} <= value.keys():
            return value["value"]
        return {name: compact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [compact(member) for member in value]
    return value


CompactProfile = compact_model(Profile)
