.DEFAULT_GOAL := help
SHELL := /bin/sh
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder
ASSETS := router/entrypoints/graphiql/assets/.built
GATEWAYS := tests/gateways/node_modules/.installed
CLIENTS := tests/router/entrypoints/clients/node_modules/.installed
MEASURED := tests/bench/router/gateways/node_modules/.installed
CODES := subgraphs/records/codes/icd10cm.tsv
unexport PYTHONDONTWRITEBYTECODE # what is started again and again would be compiled each time

.PHONY: help setup run test check bench bench-processes bench-router storm oracle audit containers schema kubernetes format migration services clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.synced $(ASSETS) $(CODES) ## All the set-up; starts nothing

$(UV):
	@echo "Installing uv into .tools"
	@python3 -m venv .tools && .tools/bin/pip install --quiet uv

.venv/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --compile-bytecode
	@touch $@

$(ASSETS): $(addprefix router/entrypoints/graphiql/,package-lock.json build.mjs main.jsx workers.js page.css) | .venv/.synced
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix router/entrypoints/graphiql --no-audit --no-fund --loglevel=error
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --prefix router/entrypoints/graphiql build
	@touch $@

$(CODES): subgraphs/records/codes/make.py uv.lock | .venv/.synced
	$(BIN)/python -m subgraphs.records.codes.make

schema/node_modules/.installed: schema/package-lock.json | .venv/.synced
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix schema --no-audit --no-fund --loglevel=error
	@touch $@

$(GATEWAYS) $(CLIENTS): %/node_modules/.installed: %/package-lock.json | .venv/.synced
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $* --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

run: setup ## A hospital with demo data at http://127.0.0.1:8761/graphql
	$(BIN)/hospital up --demo

test: setup services schema/node_modules/.installed ## All tests but the long ones
	$(PYTEST)

check: setup schema/node_modules/.installed ## Formatting, linting, types, import rules, generated schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m schema.generate --check
	$(BIN)/python -m deploy.kubernetes.generate --check

schema: setup schema/node_modules/.installed ## Writes schema/*.graphql, docs/states.md and docs/events.md anew from the subgraphs
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m schema.generate

kubernetes: setup ## Writes deploy/kubernetes/*/*.yaml anew
	$(BIN)/python -m deploy.kubernetes.generate

services: setup $(if $(filter true,$(CI)),$(GATEWAYS) $(CLIENTS)) ## Finds what tests need beside Python; installs it where CI=true
	@tests/services.sh

bench: setup ## What it costs, as ratios measured in one run
	$(BIN)/python -m tests.bench

bench-processes: setup services ## The same for processes over MariaDB and Kafka, and how soon mails and events arrive
	$(BIN)/python -m tests.bench.processes

$(MEASURED): tests/bench/router/gateways/package-lock.json | .venv/.synced
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix tests/bench/router/gateways --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

bench-router: setup $(MEASURED) ## The router beside others, each alone on a core (BENCH="--quick": one round)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.bench.router $(BENCH)

storm: setup services ## Kills everything at random for ten minutes (HOSPITAL_TEST_STORM_SECONDS), and counts what is left
	HOSPITAL_TEST_STORM_SECONDS=$${HOSPITAL_TEST_STORM_SECONDS:-600} $(BIN)/pytest -s tests/storm

oracle: setup schema/node_modules/.installed ## 100,000 operations by chance: the router beside the whole schema executed as one
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.router.oracle --operations 100000

audit: setup ## The federation audit from its own repository (HOSPITAL_TEST_AUDIT_REPOSITORY: a clone), over HTTP
	$(BIN)/python -m tests.router.audit.live

containers: setup services ## Builds the image, starts docker-compose.yml, lives a day in it, and ends it
	$(BIN)/python -m tests.containers

format: setup ## Formats and mends what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migration: setup ## make migration DOMAIN=doctors MESSAGE="What changes"
	$(BIN)/python -m subgraphs.kernel.migrate "$(DOMAIN)" "$(MESSAGE)"
	$(BIN)/ruff format --quiet subgraphs hospital

clean: ## Removes what set-up and tests made; keeps ./data
	rm -rf .venv .tools .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis schema/node_modules tests/gateways/node_modules tests/router/entrypoints/clients/node_modules tests/bench/router/gateways/node_modules router/entrypoints/graphiql/node_modules router/entrypoints/graphiql/assets $(CODES)
