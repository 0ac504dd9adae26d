#!/usr/bin/env bash
# Builds the image on a base that debootstrap makes, without a daemon, and runs it as its user: what it proves is
# printed last. For machines without Docker and without a registry of images.
#
#   tests/k8s/build_image.sh [WORK]     WORK (default: a temporary directory) takes about 12 GB, gone afterwards
#
# Needs root, buildah and debootstrap (`apt-get install buildah debootstrap`). Pip's configuration inside the build is
# the one that `pip config` and the environment say here: mounted for the build, in no layer.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
export STORAGE_DRIVER=vfs CONTAINERS_CONF=$work/containers.conf
containers=()
storage=(--root "$work/storage" --runroot "$work/run")
bud() { buildah "${storage[@]}" "$@"; }

clean_up() {
    for container in "${containers[@]}"; do bud rm "$container" >/dev/null || true; done
    rm -rf "$work/storage" "$work/run" "$work/base" "$work/pip" "$work/containers.conf" "$work/debootstrap.log"
    rmdir --ignore-fail-on-non-empty "$work"
}
trap clean_up EXIT

# What a container may have at most: buildah's own defaults are above what some machines allow, and it lowers
# itself to the number of process ids before it sets them.
processes=$(ulimit -Hu) ids=$(cat /proc/sys/kernel/pid_max)
if [ "$processes" = unlimited ] || [ "$processes" -gt "$ids" ]; then processes=$ids; fi
cat >"$work/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$processes:$processes"]
CONF

echo "== a base: Debian bookworm with its Python 3.11"
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$work/base" >"$work/debootstrap.log"
scratch=$(bud from scratch)
containers+=("$scratch")
bud copy -q "$scratch" "$work/base" / >/dev/null
bud commit -q "$scratch" base >/dev/null
rm -rf "$work/base"

echo "== pip's configuration, as a mount"
mkdir -p "$work/pip"
mounts=(--volume "$work/pip:/etc/xdg/pip:ro")
python3 -m pip config list | python3 -c '
import os, re, sys
found = {}
for line in sys.stdin:
    scope, key, value = re.fullmatch(r"([^.]+)\.([^=]+)=(.*)", line.strip()).groups()
    found[key] = value.strip("\x27")
for name, value in os.environ.items():
    if name.startswith("PIP_"):
        found[name[4:].lower().replace("_", "-")] = value
for key in ("constraint", "require-virtualenv", "user", "no-cache-dir"):
    found.pop(key, None)
print("[global]")
for key, value in found.items():
    print(key, "=", value.replace("\n", "\n    ").replace("\\n", "\n    "))
' >"$work/pip/pip.conf"
# Files and folders that it names (certificates, wheels) are mounted where they lie; an index in a folder may point
# at files beside it.
while read -r path; do
    path=${path%/simple}
    if [ -e "$path" ]; then mounts+=(--volume "$(realpath "$path"):$path:ro"); fi
done < <(grep -oE '(file://)?/[^ ]+' "$work/pip/pip.conf" | sed 's#^file://##' | sort -u)

echo "== the image"
make -C "$root" --no-print-directory image BASE_IMAGE=localhost/base CONTAINER_TOOL="buildah ${storage[*]}" \
    TORCH_INDEX="${TORCH_INDEX:-}" IMAGE_OPTIONS="--isolation chroot --layers=false --pull-never ${mounts[*]}"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/pyproject.toml")
container=$(bud from --pull-never "localhost/resumes:$version")
containers+=("$container")
inside() { bud run --isolation chroot "$container" -- "$@"; }

echo "== inside, as its user"
inside bash -ec '
    test "$(id -u)" = 10001
    for tool in bash wget ray resumes; do command -v "$tool"; done
    test ! -w /opt/resumes && test ! -w / && test -w "$HOME" && test -w /tmp
    python -c "import ray.autoscaler._private.kuberay.run_autoscaler"
    if python -c "import importlib.util, sys; sys.exit(importlib.util.find_spec(\"cv2\") is None)"; then
        python -c "import cv2; print(\"cv2\", cv2.__version__)"
    fi'
inside resumes doctor
inside resumes demo
echo "== built, and the main job ran inside as uid 10001"
