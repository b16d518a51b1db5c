# Two commands on a fresh machine: `make run` and `make test`. Everything else builds on the same environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# kedro-mlflow and Jupyter start other commands of the environment by their names.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Nothing here talks to the network unless an exchange was asked for.
export DO_NOT_TRACK := true
export MLFLOW_DISABLE_TELEMETRY := true
export BENTOML_DO_NOT_TRACK := True
export NUMBA_CACHE_DIR ?= $(CURDIR)/.numba_cache
# Two cores are assumed; a spinning OpenMP thread helps nobody.
export OMP_WAIT_POLICY := passive
export TF_CPP_MIN_LOG_LEVEL := 2

# Two processes; the tests of a file stay together, since they share what is dear to make.
PARALLEL ?= --numprocesses 2 --dist loadfile

.PHONY: help run test test-all check lint install bench viz mlflow serve bento notebook lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))' || \
		{ echo "algotrade needs Python 3.11 or 3.12, found $$($(PYTHON) --version). Name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

install: $(STAMP) ## Make .venv and install the locked dependencies

run: $(STAMP) ## The main job: candles to a judged, tracked, reported and servable model
	@$(BIN)/kedro run $(ARGS)

test: $(STAMP) ## The tests
	$(BIN)/python -m pytest -q -m "not slow" $(PARALLEL) $(ARGS)

test-all: $(STAMP) ## The tests, with those that take minutes, on new random examples
	HYPOTHESIS_PROFILE=default $(BIN)/python -m pytest -q $(PARALLEL) $(ARGS)

lint: $(STAMP) ## ruff, mypy and the layer rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## Everything a push has to pass
	$(BIN)/python -m pytest -q --doctest-modules src

bench: $(STAMP) ## Every benchmark, one after another
	@for subject in benchmarks/[a-z]*.py; do echo "== $$subject"; $(BIN)/python $$subject || exit 1; done

viz: $(STAMP) ## Draw the pipelines in the browser
	HTTPS_PROXY=http://127.0.0.1:9 $(BIN)/kedro viz run $(ARGS)

mlflow: $(STAMP) ## Browse runs and registered models
	$(BIN)/kedro mlflow ui $(ARGS)

serve: $(STAMP) ## Serve the champion on 127.0.0.1:3000
	@$(BIN)/algotrade serve $(ARGS)

bento: $(STAMP) ## Package the champion as a Bento
	@$(BIN)/algotrade bento $(ARGS)

notebook: $(STAMP) ## Jupyter with the catalog loaded
	$(BIN)/kedro jupyter lab $(ARGS)

lock: $(VENV)/bin/uv ## Resolve requirements.lock anew
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements.lock

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

clean: ## Remove what runs and tests produced; keeps .venv
	rm -rf .viz .numba_cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
	find data -mindepth 1 ! -name .gitkeep -delete
