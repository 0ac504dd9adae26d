"""The manifests as kustomize would build them, without kustomize: what these files use of it, and no more.

`build` refuses what it does not know, so that a kustomization never means more than is checked here. Where kubectl
is at hand, a test holds both results equal.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonpatch
import yaml

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ("k8s/overlays/dev", "k8s/overlays/production", "k8s/bulk")
#: Applied as they are, without kustomize.
PLAIN = ("ray-cluster.yaml", "k8s/overlays/production/secrets.example.yaml")

Resource = dict[str, Any]

_KNOWN = {
    "apiVersion",
    "kind",
    "namespace",
    "resources",
    "images",
    "patches",
    "configMapGenerator",
    "generatorOptions",
}
_NO_NAMESPACE = frozenset({"Namespace"})


def read(path: Path) -> list[Resource]:
    """The resources of one file."""
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def build(directory: Path) -> list[Resource]:
    """The resources of a kustomization, in order. Raises ValueError, or OSError, naming what does not fit."""
    kustomization = read(directory / "kustomization.yaml")[0]
    unknown = sorted(set(kustomization) - _KNOWN)
    if unknown:
        raise ValueError(f"{directory}: {unknown[0]} is not known here")
    resources: list[Resource] = []
    for name in kustomization.get("resources", ()):
        path = directory / name
        resources += build(path) if path.is_dir() else read(path)
    resources += [_config_map(directory, one) for one in kustomization.get("configMapGenerator", ())]
    for patch in kustomization.get("patches", ()):
        _patch(resources, directory / patch["path"], patch.get("target"))
    for resource in resources:
        if "namespace" in kustomization and resource["kind"] not in _NO_NAMESPACE:
            resource["metadata"]["namespace"] = kustomization["namespace"]
        for image in kustomization.get("images", ()):
            _set_image(resource, image)
    return resources


def everything() -> list[tuple[str, Resource]]:
    """(where it comes from, resource) of everything that can be applied."""
    built = [(name, one) for name in OVERLAYS for one in build(ROOT / name)]
    return built + [(name, one) for name in PLAIN for one in read(ROOT / name)]


def find(resources: list[Resource], kind: str, name: str = "") -> Resource:
    """The resource of a kind, and of a name where there are several. Raises LookupError."""
    found = [one for one in resources if one["kind"] == kind and name in ("", one["metadata"]["name"])]
    if len(found) != 1:
        raise LookupError(f"{len(found)} resources of kind {kind} are named {name!r}")
    return found[0]


def pod_specs(node: Any) -> list[dict[str, Any]]:
    """Every pod's spec inside a resource, however deep."""
    if isinstance(node, list):
        return [spec for one in node for spec in pod_specs(one)]
    if not isinstance(node, dict):
        return []
    own = [node] if "containers" in node else []
    return own + [spec for one in node.values() for spec in pod_specs(one)]


def _config_map(directory: Path, generator: dict[str, Any]) -> Resource:
    data = {}
    for entry in generator["files"]:
        key, _, file = entry.rpartition("=")
        data[key or Path(file).name] = (directory / file).read_text("utf-8")
    metadata: dict[str, Any] = {"name": generator["name"]}
    metadata["labels"] = dict(generator.get("options", {}).get("labels", {}))
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _patch(resources: list[Resource], path: Path, target: dict[str, str] | None) -> None:
    """Merge a partial resource (maps only), or apply JSON patch operations to a target."""
    content = yaml.safe_load(path.read_text("utf-8"))
    if isinstance(content, list):
        if target is None:
            raise ValueError(f"{path}: JSON patch operations need a target")
        found = find(resources, target["kind"], target["name"])
        found.update(jsonpatch.apply_patch(copy.deepcopy(found), json.loads(json.dumps(content))))
    else:
        _merge(find(resources, content["kind"], content["metadata"]["name"]), content, str(path))


def _merge(into: dict[str, Any], patch: dict[str, Any], where: str) -> None:
    for key, value in patch.items():
        if isinstance(value, list):
            raise ValueError(f"{where}: {key} is a list; use JSON patch operations")
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value, where)
        else:
            into[key] = value


def _set_image(node: Any, image: dict[str, str]) -> None:
    if isinstance(node, list):
        for one in node:
            _set_image(one, image)
    elif isinstance(node, dict):
        for container in [*node.get("containers", ()), *node.get("initContainers", ())]:
            name, _, tag = container.get("image", "").partition(":")
            if name == image["name"]:
                container["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"
        for one in node.values():
            _set_image(one, image)
