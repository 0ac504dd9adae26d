"""What KubeRay's operator refuses or does otherwise than meant, and no schema can say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.k8s.manifests import Resource, pod_specs

_LONGEST_NAME = {"RayService": 47, "RayJob": 47, "RayCluster": 50}
_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_CLUSTER_KEY = {"RayService": "rayClusterConfig", "RayJob": "rayClusterSpec"}
_HEADS_OWN = ("REDIS_PASSWORD", "RAY_REDIS_ADDRESS", "REDIS_USERNAME", "RAY_enable_autoscaler_v2")
_TOKENS_SINCE = (2, 52)


def cluster_of(resource: Resource) -> dict[str, Any]:
    """The cluster's spec inside a RayService, a RayJob or a RayCluster."""
    spec: dict[str, Any] = resource["spec"]
    key = _CLUSTER_KEY.get(resource["kind"])
    return spec[key] if key else spec


def groups_of(cluster: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, group) of the head and of each worker group."""
    yield "head", cluster["headGroupSpec"]
    for group in cluster.get("workerGroupSpecs", ()):
        yield group["groupName"], group


def problems(resource: Resource) -> list[str]:
    """Sentences on what the operator would refuse, or what would not do what it says."""
    cluster = cluster_of(resource)
    found = [*_name(resource), *_head(cluster), *_token(cluster)]
    found += [sentence for group in cluster.get("workerGroupSpecs", ()) for sentence in _workers(group)]
    found += [sentence for name, group in groups_of(cluster) for sentence in _pod(name, group, cluster)]
    if resource["kind"] == "RayService":
        found += _service(resource["spec"])
    if resource["kind"] == "RayJob":
        found += _job(resource["spec"])
    return found


def _name(resource: Resource) -> Iterator[str]:
    name, longest = resource["metadata"]["name"], _LONGEST_NAME[resource["kind"]]
    if len(name) > longest:
        yield f"the name {name} has more than {longest} characters"
    if not _DNS_LABEL.fullmatch(name):
        yield f"the name {name} is no DNS label"


def _head(cluster: dict[str, Any]) -> Iterator[str]:
    head = cluster["headGroupSpec"]
    if head.get("rayStartParams", {}).get("num-cpus") != "0":
        yield 'the head must have num-cpus "0"'
    names = {one["name"] for one in head["template"]["spec"]["containers"][0].get("env", ())}
    for name in sorted(names.intersection(_HEADS_OWN)):
        yield f"{name} must not be set on the head: the cluster's own fields say it"
    if "serviceAccountName" in head["template"]["spec"]:
        yield "the head has the account that the operator makes for the autoscaler"


def _token(cluster: dict[str, Any]) -> Iterator[str]:
    auth = cluster.get("authOptions", {})
    if auth.get("mode") != "token" or not auth.get("secretName"):
        yield "authOptions must be mode token, with a secretName"
    version = tuple(map(int, cluster["rayVersion"].split(".")[:2]))
    if version < _TOKENS_SINCE:
        yield f"Ray {cluster['rayVersion']} knows no token"


def _workers(group: dict[str, Any]) -> Iterator[str]:
    name = group["groupName"]
    if "minReplicas" not in group or "maxReplicas" not in group:
        yield f"{name}: minReplicas and maxReplicas must be said"
        return
    if not group["minReplicas"] <= group.get("replicas", 0) <= group["maxReplicas"]:
        yield f"{name}: replicas must lie between minReplicas and maxReplicas"
    if group.get("suspend"):
        yield f"{name}: an autoscaled group cannot be suspended"
    if "num-cpus" not in group.get("rayStartParams", {}):
        yield f"{name}: num-cpus must be said: there is no CPU limit to take it from"


def _pod(name: str, group: dict[str, Any], cluster: dict[str, Any]) -> Iterator[str]:
    spec = group["template"]["spec"]
    v2 = cluster.get("autoscalerOptions", {}).get("version") == "v2"
    if v2 and spec.get("restartPolicy", "Never") != "Never":
        yield f"{name}: restartPolicy must be Never or unset with autoscaler v2"
    if {"num-cpus", "num-gpus", "memory", "resources"} & set(group["rayStartParams"]) and group.get(
        "resources"
    ):
        yield f"{name}: resources stand in rayStartParams and in resources"
    ray = spec["containers"][0]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe in ray:
            yield f"{name}: the operator brings the {probe}"
    if "command" in ray or "args" in ray:
        yield f"{name}: the operator writes the Ray container's command"


def _service(spec: dict[str, Any]) -> Iterator[str]:
    if spec.get("upgradeStrategy", {}).get("type") not in ("NewCluster", "None"):
        yield "upgradeStrategy must be NewCluster"
    if spec.get("rayClusterDeletionDelaySeconds", 60) < _longest_grace(spec):
        yield "rayClusterDeletionDelaySeconds is shorter than a pod's grace period"
    if not spec.get("excludeHeadPodFromServeSvc"):
        yield "the head runs no replica: excludeHeadPodFromServeSvc"


def _longest_grace(spec: dict[str, Any]) -> int:
    return max(one.get("terminationGracePeriodSeconds", 30) for one in pod_specs(spec))


def _job(spec: dict[str, Any]) -> Iterator[str]:
    if not spec.get("shutdownAfterJobFinishes"):
        yield "shutdownAfterJobFinishes: the cluster would stay"
    if spec.get("activeDeadlineSeconds", 0) <= 0:
        yield "activeDeadlineSeconds must be above 0"
    if spec.get("submissionMode", "K8sJobMode") != "K8sJobMode" and "submitterPodTemplate" in spec:
        yield "only K8sJobMode has a submitter"
    submitter = spec.get("submitterPodTemplate", {}).get("spec", {})
    if submitter.get("restartPolicy", "Never") == "Always":
        yield "the submitter is a Job's pod: its restartPolicy must be Never or OnFailure"
    if not spec.get("entrypointNumCpus"):
        yield "without entrypointNumCpus the driver runs on the head, which has no role of ours"
    if not spec.get("entrypoint", "").startswith("resumes ingest ") or "--wait" not in spec["entrypoint"]:
        yield "the entrypoint is `resumes ingest SOURCE --wait`"
