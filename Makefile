# make demo | run | install | test | check | fix | bench | clocks | soak        PYTHON=python3.12 picks another interpreter
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto

.PHONY: demo run install dev test check fix format lint types imports bench clocks soak clean
.DEFAULT_GOAL := run

demo: install
	@$(BIN)/stockml demo

run: install
	@$(BIN)/stockml

install: $(VENV)/.installed
dev: $(VENV)/.dev

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "stockml needs Python 3.11 or newer: make PYTHON=python3.x"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing stockml into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
	@touch $@

test: dev
	@$(BIN)/python -m pytest -n $(JOBS) -m "not soak and not bench"

check: dev format lint types imports test

fix: dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

format: dev
	@$(BIN)/ruff format --check .

lint: dev
	@$(BIN)/ruff check .

types: dev
	@$(BIN)/mypy

imports: dev
	@$(BIN)/lint-imports

bench: dev
	@$(BIN)/python -m tests.benchmarks

clocks: dev
	@$(BIN)/python -m tests.clocks -- -n $(JOBS)

soak: dev
	@$(BIN)/python -m pytest -m soak --timeout 7200

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
