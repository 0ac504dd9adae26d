"""Every variable that is set for the service is one that somebody reads; a renamed one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import ray
import yaml

from pipeline.settings import load_settings
from tests.k8s import environment
from tests.k8s.manifests import OVERLAYS, ROOT, build, everything, find


@pytest.mark.parametrize(
    ("where", "resource"), everything(), ids=lambda case: "" if isinstance(case, dict) else case
)
def test_every_variable_of_a_manifest_is_known(where: str, resource: dict) -> None:
    """A setting of pipeline/settings.py, or one of the few that others read."""
    assert environment.unknown(environment.of_resource(resource)) == [], where


def test_every_variable_of_compose_and_the_dockerfile_is_known() -> None:
    """The same names as in .env."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    assert environment.unknown(environment.of_compose(compose)) == []
    assert environment.unknown(environment.of_dockerfile((ROOT / "Dockerfile").read_text("utf-8"))) == []


def test_a_renamed_variable_is_refused() -> None:
    """In a container, in the shared map, in compose and in the Dockerfile."""
    resources = build(ROOT / "k8s/bulk") + build(ROOT / "k8s/overlays/production")
    job, config = find(resources, "RayJob"), find(resources, "ConfigMap", "resumes-config")
    job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"][0]["name"] = (
        "GPUS"
    )
    config["data"]["EMBEDDER_REPLICAS"] = config["data"].pop("EMBEDDING_REPLICAS")
    assert environment.unknown(environment.of_resource(job)) == ["GPUS"]
    assert environment.unknown(environment.of_resource(config)) == ["EMBEDDER_REPLICAS"]
    compose = {
        "services": {"one": {"image": "resumes:1", "environment": {"DATABASE_URL": ""}, "ports": ["${PROT}"]}}
    }
    assert environment.unknown(environment.of_compose(compose)) == ["DATABASE_URL", "PROT"]
    assert environment.unknown(environment.of_dockerfile("ENV A_DIR=/x \\\n    HOST=0\n")) == ["A_DIR"]


@pytest.mark.parametrize("name", sorted(name for name in environment.OTHERS if name.startswith("RAY_SERVE_")))
def test_serves_own_variables_exist_in_this_version(name: str) -> None:
    """Serve ignores a name that it does not know."""
    constants = Path(ray.__file__).parent / "serve/_private/constants.py"
    assert f'"{name}"' in constants.read_text("utf-8")


@pytest.mark.parametrize("name", OVERLAYS[:2])
def test_the_settings_of_an_overlay_are_usable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values, not only the names: what would stop a replica at its start stops here."""
    for variable, value in find(build(ROOT / name), "ConfigMap", "resumes-config")["data"].items():
        assert isinstance(value, str)
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    assert settings.aws_s3_bucket_name, "pods share no directory: originals must lie in a bucket"
    assert settings.embedding_replicas >= 1
