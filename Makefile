# Every target sets itself up; what is installed already is not installed again. `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: run test coverage chromium check lint javascript node pages fix bench readers readme package test-cluster help clean

run: $(VENV)/.run ## train and compare LeNet-5, an MLP, and LeNet-5 with dropout and augmentation; WORDS=… are another command line
	$(BIN)/python main.py $(WORDS)

# One process per core and one thread per process: threads of several processes would wait for each other. Compiled files
# are kept, whatever the shell says: the tests start a hundred processes, and each would compile sutja again.
test: $(VENV)/.dev chromium node ## run the tests; WORDS=… go to pytest: make test WORDS="tests/reading -k ink"
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile $(WORDS)

# Ray takes 300 MB and the tests of a cluster of three nodes some minutes, so `make test` skips them where Ray is missing.
test-cluster: $(VENV)/.dev ## install Ray, and run the tests of the cluster
	$(BIN)/python -m pip install --quiet "ray>=2.50"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/cluster tests/experiments/test_ray_engine.py $(WORDS)

coverage: ## run the tests and measure which part of sutja they reach, a third slower
	$(MAKE) test WORDS="--cov $(WORDS)"

# The page is tested in a real browser. Where it cannot be installed, these tests are skipped and say what is missing.
chromium:
	@if [ -z "$$SUTJA_CHROMIUM" ] && ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
	    && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  { apt-get install -y chromium || { apt-get update && apt-get install -y chromium; }; } >/dev/null 2>&1 \
	    || echo "chromium could not be installed: the tests of the page are skipped" >&2; \
	fi

lint: $(VENV)/.dev javascript ## check style, types and which package imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The types in the page's scripts. Where npm is missing or cannot install tsc, they are not checked.
javascript: node
	@if [ -x node_modules/.bin/tsc ]; then \
	  echo node_modules/.bin/tsc -p jsconfig.json; node_modules/.bin/tsc -p jsconfig.json; \
	else echo "tsc could not be installed: the types in the page's scripts are not checked" >&2; fi

# tsc (Apache-2.0) and axe-core (MPL-2.0), which tests the accessibility of pages: for development only, no part of sutja.
node:
	@[ node_modules/.package-lock.json -nt package.json ] || { command -v npm && \
	  npm install --no-package-lock --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000; } >/dev/null 2>&1 \
	  || echo "npm could not install axe-core: the accessibility of pages is not tested" >&2

pages: $(VENV)/.dev ## check the pages: figures and outputs against results/, docs/api.md against the docstrings
	$(BIN)/python -m tools.readme --check
	$(BIN)/python -m tools.api --check
	$(BIN)/python -m tools.course --check

check: lint coverage pages ## everything that must hold: lint, tests with coverage, pages, the commands of README
	$(BIN)/python -m tools.readme_commands

fix: $(VENV)/.dev ## format the code, and correct what ruff can correct
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## measure everything that README claims; WORDS="--only throughput" measures one
	$(BIN)/python -m benchmarks $(WORDS)

# Either network trains on one thread, beside a process that paints its documents; on a GPU, all cores paint for one.
# A training that was stopped goes on: `make readers` again.
readers: $(VENV)/.dev ## train the networks that find and read numbers from nothing, and publish them: 2½ hours on two cores
	$(BIN)/python -m tools.fonts
	$(BIN)/python -m tools.readers

readme: $(VENV)/.dev ## write the figures of the pages from results/, and docs/api.md from the docstrings
	$(BIN)/python -m tools.readme
	$(BIN)/python -m tools.api

package: $(BIN)/python ## build wheel and sdist into dist/, check them, and try the wheel in a new environment
	$(BIN)/python -m pip install --quiet build twine
	$(BIN)/python -m tools.package

.PHONY: course docs

course: $(VENV)/.dev ## run all commands of the course, record what they print, draw its figures: minutes
	$(BIN)/python -m tools.course --run $(WORDS)

docs: $(VENV)/.docs ## build the documentation site in build/site/html; a dead link fails
	$(BIN)/python -m tools.site

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

clean: ## remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache node_modules

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sutja needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

$(VENV)/.docs: requirements-docs.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet -r requirements-docs.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements-docs.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
