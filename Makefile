SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
KERNELS := setup.py $(wildcard operator/forestall/twin/kernels/*.py operator/forestall/twin/kernels/compiled/*.p*)
LOCKED := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help demo demo-twin test lint format bench bench-faults crds chart lock cluster-up cluster-down clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml $(KERNELS)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked environment into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@find operator -name '*.so' -delete # what was compiled from other sources must not be found
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## Run the whole loop on a real cluster: found, planned, proved, approved, run, verified
	@$(BIN)/python -m tools.demo

demo-twin: $(STAMP) ## Show networks in the twin on a real control plane: what would break, which fix would not help, which does
	@$(BIN)/python -m tools.demo.twin

test: $(STAMP) ## Run every test that this machine can run, and say which tiers ran
	@$(BIN)/python -m pytest

lint: $(STAMP) ## Format check, style, types, import contracts, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m forestall.api.crds --check
	$(BIN)/python -m forestall.execution.table --check
	$(BIN)/python -m forestall.runtime.metrics_page --check

format: $(STAMP) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) ## Print the measured figures: latencies, ratios, counts
	@$(BIN)/python -m pytest tests/bench -m bench --no-header -s

bench-faults: $(STAMP) ## Break a sample application in ten ways on real nodes; print what was found, mended and left alone
	@$(BIN)/python -m tools.faults $(if $(ONLY),--only $(ONLY)) $(if $(OUTPUT),--output $(OUTPUT))

crds: $(STAMP) ## Write crds/ and the generated pages
	$(BIN)/python -m forestall.api.crds
	$(BIN)/python -m forestall.execution.table
	$(BIN)/python -m forestall.runtime.metrics_page

lock: $(STAMP) ## Lock the dependencies anew
	$(BIN)/python -m pip install --quiet uv
	$(LOCKED) --group build -o requirements/build.txt
	$(LOCKED) --extra postgres pyproject.toml -o requirements/run.txt
	$(LOCKED) --extra postgres --extra dev --group build pyproject.toml -o requirements/dev.txt
	$(LOCKED) tests/bench/twin/rivals.in -o tests/bench/twin/rivals.txt

cluster-up: $(STAMP) ## Start a real cluster (TIER=api or node) and say how to reach it
	@$(BIN)/python -m tools.cluster up $(TIER)

cluster-down: $(STAMP) ## Remove the cluster and all it left
	@$(BIN)/python -m tools.cluster down

clean: cluster-down ## Remove what was built here
	rm -rf $(VENV) build dist
