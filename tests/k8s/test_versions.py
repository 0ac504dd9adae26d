"""One version of the service, of Ray and of Python, wherever one is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.k8s.manifests import OVERLAYS, PLAIN, ROOT, build, find, read


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines)


def problems(resource: Any) -> list[str]:
    """Images of ours with another tag, and Ray versions other than the pinned one."""
    return [*_wrong(resource, project()["version"], pins())]


def _wrong(node: Any, version: str, pinned: dict[str, str]) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _wrong(one, version, pinned)
    if not isinstance(node, dict):
        return
    name, _, tag = str(node.get("image", "")).rpartition("/")[2].partition(":")
    if name == "resumes" and tag != version:
        yield f"the image {node['image']} is not of version {version}"
    if name == "moto" and tag != pinned["moto"]:
        yield f"the stand-in {node['image']} is not the tests' version {pinned['moto']}"
    if node.get("rayVersion", pinned["ray"]) != pinned["ray"]:
        yield f"rayVersion {node['rayVersion']} is not {pinned['ray']}"
    for one in node.values():
        yield from _wrong(one, version, pinned)


def dockerfile_problems(text: str) -> list[str]:
    """Its Python must be one that the project takes and that mypy checks for; its version the project's."""
    found = []
    base = re.search(r"^ARG BASE_IMAGE=python:(\d+)\.(\d+)-", text, re.MULTILINE)
    least, below = re.findall(r"3\.(\d+)", project()["requires-python"])
    if base is None or not int(least) <= int(base[2]) < int(below):
        found.append(f"the base's Python is not in {project()['requires-python']}")
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["python_version"]
    if base is not None and f"{base[1]}.{base[2]}" != checked:
        found.append(f"the base's Python is not {checked}, which mypy checks for")
    if f"ARG VERSION={project()['version']}\n" not in text:
        found.append(f"VERSION is not {project()['version']}")
    return found


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_names_this_version(name: str) -> None:
    """The image's tag and rayVersion."""
    assert problems(build(ROOT / name)) == []


@pytest.mark.parametrize("name", [*PLAIN, "compose.yaml"])
def test_a_plain_file_names_this_version(name: str) -> None:
    """The same for files that kustomize does not build."""
    assert problems(read(ROOT / name)) == []


def test_the_dockerfile_names_this_version() -> None:
    """Python and the service; Ray comes from constraints.txt."""
    assert dockerfile_problems((ROOT / "Dockerfile").read_text("utf-8")) == []


def test_pyproject_and_constraints_name_one_ray() -> None:
    """KubeRay's rayVersion is held to constraints.txt, which is held to this."""
    assert f"ray[serve]=={pins()['ray']}" in project()["dependencies"]


def test_another_version_is_refused() -> None:
    """Of the image, of Ray, of the stand-in, of Python, of the project."""
    resources = build(ROOT / "k8s/overlays/production")
    cluster = find(resources, "RayService")["spec"]["rayClusterConfig"]
    cluster["rayVersion"] = "2.59.0"
    container = cluster["headGroupSpec"]["template"]["spec"]["containers"][0]
    container["image"] = container["image"].replace(project()["version"], "0.0.9")
    found = " ".join(problems(resources))
    assert "rayVersion 2.59.0" in found
    assert ":0.0.9" in found
    assert problems([{"image": "motoserver/moto:1.0"}])
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert dockerfile_problems(text.replace("python:3.11-", "python:3.9-"))
    assert dockerfile_problems(text.replace("python:3.11-", "python:3.12-"))
    assert dockerfile_problems(text.replace(f"VERSION={project()['version']}", "VERSION=0.0.9"))


def test_the_images_user_is_the_manifests() -> None:
    """A pod that ran as another could not write its home."""
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert user
    for name in OVERLAYS:
        ids = set(re.findall(r"'(?:runAsUser|runAsGroup|fsGroup)': (1\d{4})", str(build(ROOT / name))))
        assert ids == {user[1], user[2]}


def test_compose_mounts_what_exists() -> None:
    """Docker would make an empty directory of a missing file."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    sources = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert sources
    assert all((ROOT / source).is_file() for source in sources)
