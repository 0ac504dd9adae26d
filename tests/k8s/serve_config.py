"""A Serve configuration held against Ray's own schema, with the unknown keys that Ray lets pass refused."""

from __future__ import annotations

import importlib
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import (
    DeploymentSchema,
    RayActorOptionsSchema,
    ServeApplicationSchema,
    ServeDeploySchema,
)

#: Where a field's annotation does not lead to the model of its maps.
_MODELS: dict[str, type[BaseModel]] = {
    "applications": ServeApplicationSchema,
    "deployments": DeploymentSchema,
    "autoscaling_config": AutoscalingConfig,
    "ray_actor_options": RayActorOptionsSchema,
}
#: Maps whose keys are not Ray's.
_FREE = frozenset({"args", "runtime_env", "user_config", "resources"})


def problems(text: str) -> list[str]:
    """What is wrong with a configuration, import paths included."""
    config = yaml.safe_load(text)
    try:
        schema = ServeDeploySchema.model_validate(config)
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    found = list(_unknown(config, ServeDeploySchema, ""))
    for application in schema.applications:
        found += _application(application)
        for deployment in application.deployments:
            found += _autoscaling(deployment)
    return found


def builder(import_path: str) -> Any:
    """What an import path names. Raises ImportError or AttributeError."""
    module, _, name = import_path.partition(":")
    return getattr(importlib.import_module(module), name)


def deployment_names(application: Any) -> set[str]:
    """The names of a bound application's deployments."""
    deployment = application._bound_deployment
    arguments = [*deployment.init_args, *deployment.init_kwargs.values()]
    bound = [one for one in arguments if hasattr(one, "_bound_deployment")]
    return {deployment.name}.union(*(deployment_names(one) for one in bound))


def _autoscaling(deployment: DeploymentSchema) -> list[str]:
    """The schema takes any map; Serve reads it only when it deploys."""
    if not isinstance(deployment.autoscaling_config, dict):
        return []
    try:
        AutoscalingConfig.model_validate(deployment.autoscaling_config)
    except ValidationError as error:
        return [f"{deployment.name}: {one['loc']}: {one['msg']}" for one in error.errors()]
    return []


def _application(application: ServeApplicationSchema) -> list[str]:
    try:
        build = builder(application.import_path)
    except (ImportError, AttributeError) as error:
        return [f"{application.name}: {application.import_path}: {error}"]
    unknown = set(application.deployment_names) - deployment_names(build(application.args))
    return [f"{application.name}: there is no deployment {name}" for name in sorted(unknown)]


def _unknown(node: Any, model: type[BaseModel], where: str) -> list[str]:
    found = []
    for key, value in node.items():
        if key not in model.model_fields:
            found.append(f"{where}{key}: Ray knows no such key")
        elif key not in _FREE:
            inner = _MODELS.get(key) or _model(model.model_fields[key].annotation)
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and inner is not None:
                    found += _unknown(one, inner, f"{where}{key}.")
    return found


def _model(annotation: Any) -> type[BaseModel] | None:
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    models = [one for one in candidates if isinstance(one, type) and issubclass(one, BaseModel)]
    return models[0] if models else None
