"""Schemas of what Kubernetes itself does not know: KubeRay's resources, and the Prometheus operator's."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from tests.k8s.manifests import ROOT, Resource

#: Checked against it: the oldest Kubernetes that KubeRay 1.7 is run on here has all of these fields.
KUBERNETES = "1.34"
_RAY = "ray.io/v1"
_PROMETHEUS = "monitoring.coreos.com/v1"


def crd_directory() -> Path | None:
    """Where KubeRay's CRDs lie: $KUBERAY_CRDS, or beside the checkout; None where they are not at hand."""
    named = os.environ.get("KUBERAY_CRDS")
    path = Path(named) if named else ROOT.parent / "shared" / "data" / "kuberay-crds"
    return path if any(path.glob("ray.io_*.yaml")) else None


def problems(resource: Resource) -> list[str]:
    """What the schema of the resource's kind refuses, unknown fields included; Ray's kinds need the CRDs."""
    api = resource["apiVersion"]
    if api == _RAY:
        return _found(_ray_schema(resource["kind"]), resource)
    if api == _PROMETHEUS:
        return _found(_PROMETHEUS_SCHEMAS[resource["kind"]], resource)
    try:
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


def _found(schema: dict[str, Any], resource: Resource) -> list[str]:
    errors = jsonschema.Draft202012Validator(schema).iter_errors(resource)
    return [f"{'.'.join(map(str, error.path))}: {error.message[:300]}" for error in errors]


@cache
def _ray_schema(kind: str) -> dict[str, Any]:
    directory = crd_directory()
    if directory is None:
        raise LookupError("KubeRay's CRDs are not at hand: set KUBERAY_CRDS to their directory")
    text = (directory / f"ray.io_{kind.lower()}s.yaml").read_text("utf-8")
    crd = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # a megabyte: the C loader
    (version,) = [one for one in crd["spec"]["versions"] if one["name"] == "v1"]
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    _close(schema)
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def _close(node: Any) -> None:
    """Refuse unknown fields, and say int-or-string in JSON Schema's words."""
    if isinstance(node, list):
        for one in node:
            _close(one)
    if not isinstance(node, dict):
        return
    if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        node.setdefault("additionalProperties", False)
    if node.get("x-kubernetes-int-or-string") is True:
        node["type"] = ["integer", "string"]
    for one in node.values():
        _close(one)


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d|w))+$"}


def _resource(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = _object(("name",), name=_TEXT, namespace=_TEXT, labels=_TEXTS)
    return _object(
        ("apiVersion", "kind", "metadata", "spec"),
        apiVersion={"const": _PROMETHEUS},
        kind={"const": kind},
        metadata=metadata,
        spec=spec,
    )


#: The fields of the Prometheus operator's kinds that are used here; its CRDs are in no package.
_PROMETHEUS_SCHEMAS = {
    "PodMonitor": _resource(
        "PodMonitor",
        _object(
            ("selector", "podMetricsEndpoints"),
            selector=_object((), matchLabels=_TEXTS),
            podTargetLabels={"type": "array", "items": _TEXT},
            podMetricsEndpoints={
                "type": "array",
                "minItems": 1,
                "items": _object(("port",), port=_TEXT, path=_TEXT, interval=_DURATION),
            },
        ),
    ),
    "PrometheusRule": _resource(
        "PrometheusRule",
        _object(
            ("groups",),
            groups={
                "type": "array",
                "items": _object(
                    ("name", "rules"),
                    name=_TEXT,
                    interval=_DURATION,
                    rules={
                        "type": "array",
                        "items": _object(
                            ("alert", "expr", "labels", "annotations"),
                            alert=_TEXT,
                            expr=_TEXT,
                            labels=_TEXTS,
                            annotations=_TEXTS,
                            **{"for": _DURATION},
                        ),
                    },
                ),
            },
        ),
    ),
}
