# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready

.PHONY: demo test lint bench matrix docs clean

demo: $(READY)
	$(BIN)/frontsim demo

test: $(READY)
	$(BIN)/python -m pytest -n auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python docs/generate.py --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python loadtests/bench.py

matrix: $(READY)
	$(BIN)/python -m tests.verification.matrix

docs: $(DOCS_READY)
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build -q -W --keep-going -d build/doctrees docs build/site
	@echo "open build/site/index.html"

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Set up once, and again whenever pyproject.toml changes.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "frontsim needs Python 3.11 or newer, got $$($(PYTHON) --version 2>&1); say which with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@
