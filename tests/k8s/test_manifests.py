"""The manifests hold against Kubernetes, KubeRay's schemas and its operator's rules; what breaks one is refused."""

from __future__ import annotations

import copy
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.k8s import operator_rules, schemas
from tests.k8s.manifests import OVERLAYS, ROOT, Resource, build, everything, find, pod_specs

RAY = "ray.io/v1"
ALL = everything()
RAY_ONES = [(where, one) for where, one in ALL if one["apiVersion"] == RAY]
OTHERS = [(where, one) for where, one in ALL if one["apiVersion"] != RAY]
needs_crds = pytest.mark.skipif(
    schemas.crd_directory() is None,
    reason="KubeRay's CRDs are not at hand (KUBERAY_CRDS names their directory)",
)


def label(case: Any) -> str | None:
    return f"{case['kind']}-{case['metadata']['name']}" if isinstance(case, dict) else None


def changed(resource: Resource, path: str, value: Any) -> Resource:
    """A copy with one field set, or removed (None); a path's numbers are places in lists."""
    copied = copy.deepcopy(resource)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    node: Any = copied
    for step in steps:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return copied


@pytest.mark.parametrize(("where", "resource"), OTHERS, ids=label)
def test_a_core_manifest_fits_its_schema(where: str, resource: Resource) -> None:
    """Kubernetes' own kinds strictly, the Prometheus operator's by the fields that are used."""
    assert schemas.problems(resource) == [], where


@needs_crds
@pytest.mark.parametrize(("where", "resource"), RAY_ONES, ids=label)
def test_a_ray_manifest_fits_the_operators_schema(where: str, resource: Resource) -> None:
    """With unknown fields refused, which the API server only prunes."""
    assert schemas.problems(resource) == [], where


@pytest.mark.parametrize(("where", "resource"), RAY_ONES, ids=label)
def test_a_ray_manifest_keeps_the_operators_rules(where: str, resource: Resource) -> None:
    """What the operator checks in code, and what it silently does otherwise."""
    assert operator_rules.problems(resource) == [], where


def service() -> Resource:
    return find(build(ROOT / "k8s/overlays/production"), "RayService")


def job() -> Resource:
    return find(build(ROOT / "k8s/bulk"), "RayJob")


@needs_crds
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.rayClusterDeletionDelay", 600),
        ("spec.rayClusterConfig.autoscalerOptions.version", "v3"),
        ("spec.rayClusterConfig.authOptions.token", "x"),
        ("spec.rayClusterConfig.workerGroupSpecs.0.minReplica", 2),
        ("spec.rayClusterConfig.workerGroupSpecs.0.maxReplicas", "ten"),
        ("spec.rayClusterConfig.headGroupSpec.template.spec.container", []),
        ("spec.rayClusterConfig.headGroupSpec", None),
    ],
)
def test_a_wrong_field_of_a_ray_manifest_is_refused(path: str, value: Any) -> None:
    """A misspelt field, a wrong type, a missing one, a value that is none of the allowed."""
    assert schemas.problems(changed(service(), path, value))


@pytest.mark.parametrize(
    ("kind", "name", "path", "value"),
    [
        ("Job", "resumes-migrate", "spec.backofLimit", 4),
        ("Job", "resumes-migrate", "spec.template.spec.containers.0.securityContext.runAsNonroot", True),
        ("NetworkPolicy", "resumes-egress", "spec.policyTypes", "Egress"),
        ("PodDisruptionBudget", "resumes-workers", "spec.minAvailible", 1),
        ("PodMonitor", "resumes", "spec.podMetricsEndpoints.0.interval", "often"),
        ("PrometheusRule", "resumes", "spec.groups.0.rules.0.expression", "1"),
    ],
)
def test_a_wrong_field_of_a_core_manifest_is_refused(kind: str, name: str, path: str, value: Any) -> None:
    """The same for everything that is not Ray's."""
    resource = find(build(ROOT / "k8s/overlays/production"), kind, name)
    assert schemas.problems(changed(resource, path, value))


@pytest.mark.parametrize(
    ("source", "path", "value", "sentence"),
    [
        (service, "metadata.name", "r" * 48, "more than 47"),
        (service, "metadata.name", "Resumes", "no DNS label"),
        (service, "spec.rayClusterConfig.headGroupSpec.rayStartParams.num-cpus", "2", 'num-cpus "0"'),
        (service, "spec.rayClusterConfig.workerGroupSpecs.1.maxReplicas", None, "must be said"),
        (service, "spec.rayClusterConfig.workerGroupSpecs.0.minReplicas", 11, "must lie between"),
        (service, "spec.rayClusterConfig.workerGroupSpecs.0.rayStartParams", {}, "num-cpus must be said"),
        (
            service,
            "spec.rayClusterConfig.workerGroupSpecs.0.template.spec.restartPolicy",
            "Always",
            "Never or unset",
        ),
        (
            service,
            "spec.rayClusterConfig.workerGroupSpecs.0.template.spec.containers.0.readinessProbe",
            {"tcpSocket": {"port": 8000}},
            "the operator brings",
        ),
        (service, "spec.rayClusterConfig.authOptions", {"mode": "disabled"}, "mode token"),
        (service, "spec.rayClusterConfig.rayVersion", "2.51.0", "knows no token"),
        (service, "spec.rayClusterDeletionDelaySeconds", 60, "grace period"),
        (service, "spec.excludeHeadPodFromServeSvc", False, "runs no replica"),
        (job, "spec.entrypoint", "resumes ingest s3://b/p/", "--wait"),
        (job, "spec.entrypointNumCpus", None, "runs on the head"),
        (job, "spec.shutdownAfterJobFinishes", False, "would stay"),
        (job, "spec.activeDeadlineSeconds", 0, "above 0"),
        (job, "spec.submissionMode", "SidecarMode", "submitter"),
    ],
)
def test_a_broken_operators_rule_is_named(
    source: Callable[[], Resource], path: str, value: Any, sentence: str
) -> None:
    """Each rule fails for what it is about."""
    assert sentence in " ".join(operator_rules.problems(changed(source(), path, value)))


@pytest.mark.parametrize("name", OVERLAYS)
def test_kustomize_builds_the_same(name: str) -> None:
    """What is checked here is what `kubectl apply -k` applies."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed: only this file's own reading of the kustomizations is checked")
    built = subprocess.run(
        ["kubectl", "kustomize", ROOT / name], capture_output=True, text=True, check=True
    ).stdout
    assert by_name(list(yaml.safe_load_all(built))) == by_name(build(ROOT / name))


def by_name(resources: list[Resource]) -> dict[tuple[str, str], Resource]:
    return {(one["kind"], one["metadata"]["name"]): one for one in resources}


def test_a_patch_of_what_does_not_exist_is_refused(tmp_path: Any) -> None:
    """A renamed resource leaves no patch behind that nobody misses."""
    (tmp_path / "kustomization.yaml").write_text("resources: [one.yaml]\npatches: [{path: patch.yaml}]\n")
    (tmp_path / "one.yaml").write_text("kind: ConfigMap\nmetadata: {name: a}\n")
    (tmp_path / "patch.yaml").write_text("kind: ConfigMap\nmetadata: {name: b}\n")
    with pytest.raises(LookupError, match="'b'"):
        build(tmp_path)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_pod_of_the_service_is_locked_down(name: str) -> None:
    """No root, no privilege, no capability, no writable root file system, no token where none is used."""
    for resource in build(ROOT / name):
        for spec in pod_specs(resource):
            for container in spec["containers"]:
                if container["image"].rpartition("/")[2].startswith("resumes:"):
                    assert lockdown_problems(spec, container) == [], label(resource)


def lockdown_problems(spec: dict[str, Any], container: dict[str, Any]) -> list[str]:
    pod, own = spec.get("securityContext", {}), container.get("securityContext", {})
    wanted = {
        "runAsNonRoot": pod.get("runAsNonRoot") is True,
        "seccompProfile": pod.get("seccompProfile") == {"type": "RuntimeDefault"},
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,
        "capabilities": own.get("capabilities") == {"drop": ["ALL"]},
        "memory limit": "memory" in container.get("resources", {}).get("limits", {}),
        "service-account token": container["name"] == "ray-head"
        or spec.get("automountServiceAccountToken") is False,
    }
    return [name for name, held in wanted.items() if not held]


@pytest.mark.parametrize("name", ["k8s/overlays/dev", "k8s/overlays/production"])
def test_what_a_manifest_refers_to_exists(name: str) -> None:
    """ConfigMaps, secrets and accounts by name; production's secrets come from elsewhere, as its example says."""
    resources = build(ROOT / name)
    if name.endswith("production"):
        resources += list(
            yaml.safe_load_all((ROOT / "k8s/overlays/production/secrets.example.yaml").read_text("utf-8"))
        )
    named = {(one["kind"], one["metadata"]["name"]) for one in resources}
    used = build(ROOT / name) + build(ROOT / "k8s/bulk")
    assert {one for resource in used for one in references(resource)} <= named


def references(node: Any) -> set[tuple[str, str]]:
    if isinstance(node, list):
        return {one for child in node for one in references(child)}
    if not isinstance(node, dict):
        return set()
    keys = {"configMapRef": "ConfigMap", "secretRef": "Secret", "secretKeyRef": "Secret"}
    found = {(kind, node[key]["name"]) for key, kind in keys.items() if key in node}
    for key, kind in {"serviceAccountName": "ServiceAccount", "secretName": "Secret"}.items():
        if isinstance(node.get(key), str):
            found.add((kind, node[key]))
    return found | {one for child in node.values() for one in references(child)}


@pytest.mark.parametrize("name", ["k8s/overlays/dev", "k8s/overlays/production"])
def test_the_disruption_budget_lets_a_drain_go_on(name: str) -> None:
    """A number (RayClusters know no maxUnavailable), below the group's least."""
    resources = build(ROOT / name)
    budget = find(resources, "PodDisruptionBudget")["spec"]
    cluster = operator_rules.cluster_of(find(resources, "RayService"))
    (group,) = [
        one
        for one in cluster["workerGroupSpecs"]
        if one["groupName"] == budget["selector"]["matchLabels"]["ray.io/group"]
    ]
    assert "maxUnavailable" not in budget
    assert isinstance(budget["minAvailable"], int)
    assert budget["minAvailable"] < group["minReplicas"]


def test_policies_and_monitors_select_the_pods_that_they_mean() -> None:
    """Their labels are on the pods, or are the operator's own."""
    resources = build(ROOT / "k8s/overlays/production")
    cluster = operator_rules.cluster_of(find(resources, "RayService"))
    labels = [group["template"]["metadata"]["labels"] for _, group in operator_rules.groups_of(cluster)]
    for resource in resources:
        selector = resource.get("spec", {})
        selector = selector.get("podSelector") or selector.get("selector") or {}
        wanted = {
            key: value
            for key, value in selector.get("matchLabels", {}).items()
            if not key.startswith("ray.io/")
        }
        if resource["kind"] in ("NetworkPolicy", "PodMonitor", "PodDisruptionBudget"):
            assert wanted
            assert any(wanted.items() <= its.items() for its in labels), label(resource)


def test_monitored_ports_are_declared_by_the_pods_or_the_operator() -> None:
    """A PodMonitor finds ports by name; a name that no pod has is scraped by nobody, silently."""
    resources = build(ROOT / "k8s/overlays/production")
    cluster = operator_rules.cluster_of(find(resources, "RayService"))
    declared = {"metrics", "as-metrics", "dash-metrics"}  # what KubeRay adds
    for _, group in operator_rules.groups_of(cluster):
        declared |= {port["name"] for port in group["template"]["spec"]["containers"][0]["ports"]}
    endpoints = find(resources, "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert {one["port"] for one in endpoints} <= declared
