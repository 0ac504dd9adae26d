# Every target sets itself up: a fresh clone needs Python 3.11-3.13 and make, nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# An extra wheel index to take torch from, e.g. PyTorch's own CPU index: a Linux machine without a GPU need
# not download CUDA. Empty: whatever pip is configured with.
TORCH_INDEX ?=
PIP_TORCH := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX),)
BENCH ?= latency
# Any Debian-like image with Python 3.11 and apt can be the base. Empty: the Dockerfile's own.
BASE_IMAGE ?=
IMAGE ?= resumes
# The first of the three that works here: a docker client without its daemon does not.
CONTAINER_TOOL ?= $(firstword $(foreach tool,docker podman buildah,$(if $(shell $(tool) info >/dev/null 2>&1 && echo yes),$(tool))))

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-cloud serve test test-long test-nodes lint format bench openapi image clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-11s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## Make .venv and install everything into it

# torch goes first and alone: it is by far the largest, and later resolutions then keep the build chosen here.
$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "· Setting up $(VENV) (a few minutes the first time; torch is the largest part)"
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, {sys.executable} is {v[0]}.{v[1]}: run make with PYTHON=python3.11, for example.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(PIP_TORCH) torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup ## Start the service, upload the samples, show their profiles and three searches
	$(BIN)/resumes demo

demo-cloud: setup ## The demo through stand-ins of S3, Textract and Gemini, with the real SDKs and the cost table
	$(BIN)/python -m tests.standins.demo

serve: setup ## Run the service on this machine until Ctrl-C
	$(BIN)/resumes serve

test: setup ## Run the test suite (some twelve minutes on two cores)
	@echo "· Running every test: a real PostgreSQL and a real Ray Serve are started for them"
	$(BIN)/python -m pytest

test-long: setup ## Run what takes minutes each: kills, restarts, fuzzing (about twenty minutes)
	$(BIN)/python -m pytest -m long

test-nodes: setup ## Run what needs several Ray nodes: one dies, joins, is cut off, the GCS restarts (about ten minutes)
	$(BIN)/python -m pytest -m nodes

lint: setup ## Formatting, ruff, mypy, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Format the code and apply ruff's fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Run one benchmark: make bench BENCH=latency
	$(BIN)/python -m benchmarks.$(BENCH)

openapi: setup ## Write serve_app/openapi.json, and the Python client's types, again after the API has changed
	$(BIN)/python -m serve_app.openapi
	$(BIN)/python clients/python/typegen.py

image: ## Build the container image with docker, podman or buildah: make image BASE_IMAGE=… TORCH_INDEX=…
	@test -n "$(CONTAINER_TOOL)" || { echo "No docker, podman or buildah works here: install one, or start docker's daemon."; exit 1; }
	version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) && $(CONTAINER_TOOL) build \
		$(if $(filter docker,$(CONTAINER_TOOL)),,--format docker) \
		$(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) --build-arg TORCH_INDEX=$(TORCH_INDEX) \
		--build-arg VERSION=$$version --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null) --tag $(IMAGE):$$version $(IMAGE_OPTIONS) .

clean: ## Remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
