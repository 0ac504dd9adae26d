"""What Serve is told in the manifests is what Serve understands, and names what the code has."""

from __future__ import annotations

import inspect

import pytest
import yaml

from tests.k8s import serve_config
from tests.k8s.manifests import OVERLAYS, ROOT, build, find


def of_overlay(name: str) -> str:
    return find(build(ROOT / name), "RayService")["spec"]["serveConfigV2"]


def of_compose() -> str:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["configs"]["serve"]["content"]


@pytest.mark.parametrize("name", OVERLAYS[:2])
def test_the_services_configuration_is_understood(name: str) -> None:
    """By schema, by key, by import path, by deployment."""
    assert serve_config.problems(of_overlay(name)) == []


def test_composes_configuration_is_understood() -> None:
    """The same check."""
    assert serve_config.problems(of_compose()) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("request_timeout_s:", "request_timeout:", "http_options.request_timeout: Ray knows no such key"),
        ("max_replicas_per_node:", "max_replicas_a_node:", "max_replicas_a_node"),
        ("downscale_delay_s:", "downscale_delay:", "autoscaling_config.downscale_delay"),
        ("{num_cpus: 0.5}", "{cpus: 0.5}", "ray_actor_options.cpus"),
        ("max_replicas: 8", "max_replicas: 0", "max_replicas"),
        ("port: 8000", "port: http", "http_options.port"),
        ("app:build_app", "app:make_app", "make_app"),
        ("serve_app.app", "serve_apps.app", "serve_apps"),
        ("name: Dispatcher", "name: Dispatchers", "there is no deployment Dispatchers"),
    ],
)
def test_a_wrong_configuration_is_refused(old: str, new: str, sentence: str) -> None:
    """Typos that Ray would ignore, wrong values, names that the code does not have."""
    text = of_overlay("k8s/overlays/production")
    assert old in text
    assert sentence in " ".join(serve_config.problems(text.replace(old, new)))


@pytest.mark.parametrize("path", ["serve_app.app:build_app", "serve_app.app:build_bulk_app"])
def test_an_application_is_built_without_arguments(path: str) -> None:
    """Both builders take no or a dict of args: what `serve run` and the bulk command hand them."""
    (parameter,) = inspect.signature(serve_config.builder(path)).parameters.values()
    assert parameter.default is None
    assert serve_config.deployment_names(serve_config.builder(path)())
