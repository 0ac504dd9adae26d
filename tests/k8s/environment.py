"""The environment variables that the manifests, compose.yaml and the Dockerfile may set, and where each is from."""

from __future__ import annotations

import re
from typing import Any

from pipeline.settings import Settings
from tests.k8s.manifests import Resource, pod_specs

SETTINGS = frozenset(name.upper() for name in Settings.model_fields)
#: Not ours, each with who reads it.
OTHERS = {
    "RAY_SERVE_ENABLE_HA_PROXY": "Serve: HAProxy before the replicas",
    "RAY_SERVE_HAPROXY_NBTHREAD": "Serve: HAProxy's threads",
    "RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S": "Serve: how long HAProxy waits for a replica",
    "RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S": "Serve: how long HAProxy waits for a client",
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "Serve: how fresh autoscaling's numbers are",
    "RAY_AUTH_MODE": "Ray: token authentication, where no operator sets it (compose)",
    "RAY_REDIS_ADDRESS": "Ray: the head's state, where no operator sets it (compose)",
    "RAY_USAGE_STATS_ENABLED": "Ray: tells nobody that it runs",
    "TOKENIZERS_PARALLELISM": "tokenizers: no threads of its own beside EMBEDDING_THREADS",
    "OMP_WAIT_POLICY": "OpenMP: threads of the model that wait give the core away, see orchestration/local.py",
    "RAY_worker_niceness": "Ray: lets no worker give way by itself, see orchestration/local.py",
    "HOME": "the shell and libraries: a directory that may be written",
    "PATH": "the shell: the virtual environment first",
    "PYTHONUNBUFFERED": "Python: logs leave at once",
    "PIP_NO_CACHE_DIR": "pip, while the image is built",
    "PIP_DISABLE_PIP_VERSION_CHECK": "pip, while the image is built",
}
_OURS = re.compile(r"(^|/)resumes:")
_MAPS = {"ConfigMap": ("resumes-config", "data"), "Secret": ("resumes-secrets", "stringData")}


def unknown(names: set[str]) -> list[str]:
    """Those that nobody reads."""
    return sorted(names - SETTINGS - set(OTHERS))


def of_resource(resource: Resource) -> set[str]:
    """What a resource sets for containers of ours: in a container, or in the maps that they all take in."""
    name, key = _MAPS.get(resource["kind"], ("", ""))
    if resource["metadata"]["name"] == name:
        return set(resource.get(key, {}))
    return {
        one["name"]
        for spec in pod_specs(resource)
        for container in spec["containers"]
        if _OURS.search(container["image"])
        for one in container.get("env", ())
    }


def of_compose(compose: dict[str, Any]) -> set[str]:
    """What compose.yaml sets for services of our image, and the names that it takes from .env."""
    found: set[str] = set()
    for service in compose["services"].values():
        if _OURS.search(service["image"]):
            found |= set(service.get("environment", {}))
    return found | set(re.findall(r"\$\{([A-Z0-9_]+)", str(compose["services"])))


def of_dockerfile(text: str) -> set[str]:
    """The names of its ENV instructions."""
    joined = text.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.startswith("ENV ")]
    return {name for line in lines for name in re.findall(r"\s([A-Z][A-Z0-9_]*)=", line)}
