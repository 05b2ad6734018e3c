# The words of this project. Each first makes the virtual environment if it is missing or out of date.
# For example: make run PORT=9000, make test ARGS="tasks -k claim", make demo REPO=/path/to/a/checkout

SHELL := bash
PYTHON ?= python3
WORKERS ?= 2
POSTGRES_15 ?= /usr/lib/postgresql/15/bin
export PORT REPO
# Many processes take part in a run: none shall compile our code anew, also where the shell says to write no bytecode.
unexport PYTHONDONTWRITEBYTECODE

BOOT := $(PYTHON) common/embedded/bootstrap.py
DEV := $(BOOT) --dev
SUPERVISOR := common.embedded.supervisor
BIN := .venv/bin
PYTEST := $(DEV) $(SUPERVISOR) test python -m pytest -q

# The linters read the settings, and the settings want values; no server is asked.
NO_SERVER := SECRET_KEY=lint CONTEXT_KEY=00 LEASE_KEY=00 FIELD_KEYS=00 \
	DATABASE_URL=postgres://cm_app@127.0.0.1:1/none REDIS_CACHE_URL=redis://none/0 REDIS_BROKER_URL=redis://none/1 \
	REDIS_CHANNELS_URL=redis://none/2

.DEFAULT_GOAL := help
.PHONY: help run demo test lint format check security pg15 chaos scale bench pictures migrate manage lock

help:  ## show these words
	@sed -nE 's/^([a-z0-9]+):.*## */  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 17

run:  ## start the product: servers, migrations, web, worker, beat and relay, until Ctrl-C
	@$(BOOT) $(SUPERVISOR) run

demo:  ## watch agents work, beside `make run` or with a product of its own (ARGS=--exit: end that one afterwards)
	@$(DEV) $(SUPERVISOR) demo $(ARGS)

test: lint  ## lint, then the test suite with servers of its own (ARGS for pytest, WORKERS in parallel)
	@$(PYTEST) -n $(WORKERS) --dist worksteal $(ARGS)

lint:  ## style, types, the import contract, and migrations that somebody forgot to make
	@$(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run make format"; exit 1; }
	@$(NO_SERVER) $(BIN)/mypy --no-error-summary .
	@$(BIN)/lint-imports --no-logo --no-cache > .data/imports.log || { cat .data/imports.log; exit 1; }
	@# It warns that it cannot ask a database what was applied; that is no question of lint's.
	@$(NO_SERVER) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run --verbosity 1

format:  ## let ruff format the code and mend what it can
	@$(DEV)
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

check: security pg15  ## the slow tier: browser, API description, mutants, tests at full size, PostgreSQL 15, fresh clone
	@# One process each: a browser holds its event loop for as long as the process lives.
	@$(PYTEST) -m browser $(ARGS)
	@$(PYTEST) -m "contract or mutant" -n $(WORKERS) $(ARGS)
	@$(PYTEST) -m long $(ARGS)
	@$(PYTEST) -m system $(ARGS)
	@$(MAKE) --no-print-directory scale

security:  ## bandit over the code; zizmor over workflows, where there are any
	@$(DEV)
	@# Findings of low severity are ruff's too (rules S), where each exception has its reason beside it.
	@$(BIN)/bandit --quiet --severity-level medium --recursive . --exclude ./.venv,./.data,*/tests/*,./tests,*/migrations/* \
		> .data/bandit.log 2>&1 || { cat .data/bandit.log; exit 1; }
	@if [ -d .github/workflows ]; then $(BIN)/zizmor --offline --quiet .github/workflows; fi

pg15:  ## the smoke run on PostgreSQL 15, where its programs are installed
	@if [ -x $(POSTGRES_15)/postgres ]; then \
		DATA_DIR=.data/pg15 POSTGRES_BIN_DIR=$(POSTGRES_15) $(PYTEST) -m pg15; \
	else echo "PostgreSQL 15 is not installed: its smoke run is left out (apt-get install postgresql-15)"; fi

chaos:  ## kill processes while they work, and count what was lost
	@$(PYTEST) -m chaos -s $(ARGS)

scale:  ## look at the plans of queries with a hundred thousand rows in the big tables
	@$(PYTEST) -m scale $(ARGS)

bench:  ## measure the product against its targets
	@$(PYTEST) -m bench -s $(ARGS)

pictures:  ## draw the pictures of README and guides anew, from the pages
	@UPDATE_PICTURES=1 $(PYTEST) -m browser tests/browser/test_pictures.py

migrate:  ## prepare the development database and migrate it
	@$(BOOT) $(SUPERVISOR) env bash -c "python manage.py setup_database && python manage.py migrate --database owner"

manage:  ## any management command, with the servers of `make run`: make manage CMD="check"
	@$(BOOT) $(SUPERVISOR) env python manage.py $(CMD)

lock:  ## resolve requirements*.in into files with versions and hashes
	@$(DEV)
	@for set in requirements-uv requirements requirements-dev requirements-s3; do \
		$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "make lock" $$set.in -o $$set.txt || exit 1; done
