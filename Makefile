# make demo | run | install | test | check | fix | pages | docs | dist | bench | clocks | soak
# PYTHON=python3.12 picks another interpreter. TensorFlow has wheels for 3.11 to 3.13.
SERVES = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
  $$name -c '$(SERVES)' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto

.PHONY: demo run install dev test check fix format lint types imports pages docs dist bench clocks soak clean
.DEFAULT_GOAL := run

demo: install
	@$(BIN)/stockml demo

run: install
	@$(BIN)/stockml

install: $(VENV)/.installed
dev: $(VENV)/.dev

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SERVES)' || { echo "stockml needs Python 3.11, 3.12 or 3.13 (TensorFlow has no wheels for another): install one, or make PYTHON=/path/to/python3.13"; exit 1; }
	@test "$(PYTHON)" = python3 || echo "using $(PYTHON)"
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

pages: dev
	@$(BIN)/python -m engine.commands.manual man > man/stockml.1
	@$(BIN)/python -m engine.commands.manual markdown > docs/commands.md
	@$(BIN)/python -m engine.settings.manual > docs/settings.md
	@$(BIN)/python -m tui.keys.manual > docs/keys.md

docs: pages
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

dist: dev
	@rm -rf dist build
	@$(BIN)/python -m build --no-isolation

bench: dev
	@$(BIN)/python -m tests.benchmarks

clocks: dev
	@$(BIN)/python -m tests.clocks -- -n $(JOBS)

soak: dev
	@$(BIN)/python -m pytest -m soak --timeout 7200

clean:
	rm -rf $(VENV) build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
