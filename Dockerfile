# One image for everything: `resumes serve` on one machine, and the head, workers, migration and bulk jobs of k8s/.
#
#   make image                                       torch as pip finds it (on Linux: with CUDA)
#   make image TORCH_INDEX=<index of CPU wheels>     a smaller image for CPU nodes
#
# Root's file system may be read-only: what is written lies in /var/lib/resumes (HOME, DATA_DIR) and /tmp (Ray).

# Any Debian-like base with Python 3.11 (python3, venv) and apt.
ARG BASE_IMAGE=python:3.11-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS build
ARG TORCH_INDEX=""
# Pip takes its registry, if not the default, from a configuration that the build mounts; see tests/k8s/build_image.sh.
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python3 -m venv /opt/resumes
ENV PATH=/opt/resumes/bin:$PATH
# Layers from the slowest and least often changed to the quickest: torch, the dependencies, the service.
COPY constraints.txt ./
# hadolint ignore=DL3013
RUN pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} torch
COPY pyproject.toml ./
RUN python -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
print(*project['dependencies'], *project['optional-dependencies']['otel'], sep='\n')" \
        > requirements.txt \
    && pip install --constraint constraints.txt --requirement requirements.txt
COPY README.md LICENSE CHANGELOG.md ./
COPY migrations migrations
COPY samples samples
COPY clients/python/resumes_client clients/python/resumes_client
COPY pipeline pipeline
COPY serve_app serve_app
# Hatchling builds the wheel in an environment of its own, at the version that constraints.txt names.
RUN PIP_CONSTRAINT=/build/constraints.txt pip install --no-deps . \
    && pip check

# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="resumes" \
      org.opencontainers.image.description="Turns resumes into verified, searchable profiles" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# KubeRay's probes run bash and wget. Debian's point releases are the base's business.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends bash ca-certificates wget \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 resumes \
    && useradd --uid 10001 --gid resumes --home-dir /var/lib/resumes --create-home --shell /bin/bash resumes
COPY --from=build /opt/resumes /opt/resumes
# Ray keeps its files in /tmp/ray, where KubeRay mounts a volume for them too.
# hadolint ignore=DL3064
ENV PATH=/opt/resumes/bin:$PATH \
    HOME=/var/lib/resumes \
    DATA_DIR=/var/lib/resumes \
    HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1 \
    RAY_USAGE_STATS_ENABLED=0 \
    TOKENIZERS_PARALLELISM=false \
    OMP_WAIT_POLICY=PASSIVE \
    RAY_worker_niceness=0
WORKDIR /var/lib/resumes
USER 10001:10001
EXPOSE 8000
VOLUME ["/var/lib/resumes"]
# The first minute is Ray's start and the embedding model's.
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s --retries=4 \
    CMD ["bash", "-c", "wget -q -O /dev/null http://127.0.0.1:${PORT:-8000}/healthz"]
ENTRYPOINT ["resumes"]
CMD ["serve"]
