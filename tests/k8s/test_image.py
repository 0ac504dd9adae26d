"""The image builds on a plain Debian, and does the main job inside as its own user."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.k8s.manifests import ROOT

TOOLS = ("buildah", "debootstrap")


@pytest.mark.image
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_image_builds_and_does_the_main_job() -> None:
    """`resumes doctor`, then the demo on the samples, in a container without any daemon (build_image.sh)."""
    if os.environ.get("TEST_IMAGE") != "1":
        pytest.skip("it takes many minutes and about 12 GB: set TEST_IMAGE=1")
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        pytest.skip(f"{' and '.join(missing)} must be installed")
    if os.geteuid() != 0:
        pytest.skip("debootstrap needs root")
    ended = subprocess.run([ROOT / "tests/k8s/build_image.sh"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    assert "the main job ran inside as uid 10001" in ended.stdout
