# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready
DOCS_READY := $(VENV)/.docs-ready
unexport PYTHONDONTWRITEBYTECODE  # tests start Python hundreds of times: it keeps what it has compiled

.PHONY: demo test check quick lint bench matrix mutation endurance explore-proof stacks docs release clean

demo: $(INSTALLED)
	$(BIN)/frontsim demo

# Three workers a core, because the tests wait for half of their time: two take half as long again.
PYTEST := $(BIN)/python -m pytest --dist worksteal -n $$((3 * $$(getconf _NPROCESSORS_ONLN)))

test: $(READY)
	@echo "All tests but those of make stacks: 4 to 6 minutes on 2 idle cores. The inner loop is quicker: make check"
	$(PYTEST)

# The inner loop, about a minute on 2 cores: lint beside the tests that start no processes and are not slow.
check: $(READY)
	@$(MAKE) --no-print-directory --jobs=2 lint quick

quick: $(READY)  # they hardly wait, and a worker's collection takes as long as a fifteenth of them
	$(PYTEST) -q -n $$((1 + $$(getconf _NPROCESSORS_ONLN))) -m "not slow and not long"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python -m docs.generate --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python loadtests/bench.py

matrix: $(READY)
	$(BIN)/python -m tests.verification.whole_runs.matrix
	$(BIN)/python -m tests.recovery.job_matrix

# Small mistakes in what judges a receiver, and how many of them its own tests find: 95 % at least. MODULES says which.
mutation: $(READY)
	$(BIN)/python -m tests.mutation $(MODULES)

# Runs against right receivers on busy cores, half of them killed every 10 s: no alarm, nothing unknown. Hours. Each
# run plays some scenarios, drawn by its seed; SCENARIOS=0 plays all in each.
RUNS ?= 1000
SCENARIOS ?= 4
endurance: $(READY)
	$(BIN)/python -m tests.verification.whole_runs.endurance --runs $(RUNS) --scenarios $(SCENARIOS)

# Broken receivers that `explore` must find without a scripted scenario, with several seeds, and right ones that it must not
# accuse. Hours; it goes on where it stopped. NAMES says which receivers.
explore-proof: $(READY)
	$(BIN)/python -m tests.explore.proof $(NAMES)

# Tests that are long, or need real databases, brokers and other languages: STACKS says which, SEEDS with how many seeds.
# `make test` leaves them out. Only files that have such tests are collected.
STACKS ?= tests/examples tests/stacks $(shell grep -rl --include='test_*.py' --exclude-dir=stacks --exclude-dir=examples 'mark\.long' tests)
SEEDS ?= 1
stacks: $(READY)
	SEEDS=$(SEEDS) $(BIN)/python -m pytest $(STACKS) -m long -n 5 --dist loadgroup

docs: $(DOCS_READY)
	$(BIN)/python -m docs.generate
	$(BIN)/sphinx-build -q -W --keep-going -d build/doctrees docs build/site
	@echo "open build/site/index.html"

# What is uploaded: built twice with the same bytes, checked, and no dependency with a known vulnerability. Its tools
# have a separate environment, because their dependencies are not ours.
release: $(INSTALLED)
	rm -rf dist build/release
	$(PYTHON) -m venv build/release
	build/release/bin/python -m pip install --quiet --disable-pip-version-check build twine pip-audit
	build/release/bin/python -m build --outdir dist
	build/release/bin/python -m build --outdir build/release/again >/dev/null
	cd dist && sha256sum * | (cd ../build/release/again && sha256sum --check --strict)
	build/release/bin/twine check --strict dist/*
	$(BIN)/python -m pip freeze --exclude-editable >build/release/requirements.txt
	build/release/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r build/release/requirements.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Set up once, and again whenever pyproject.toml changes: what a user installs, and on top of it what developers need.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "frontsim needs Python 3.11 or newer, got $$($(PYTHON) --version 2>&1); say which with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "install Python's venv module first, on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(READY): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@
