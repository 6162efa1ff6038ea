# Every target sets itself up; what is installed already is not installed again.
#   make run     train and compare LeNet-5, an MLP and LeNet-5 regularised: python main.py
#   make test    the tests
#   make check   everything that must hold: style, types, floors, tests, the commands of README

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: run test coverage chromium check lint bench readme clean

run: $(VENV)/.run
	$(BIN)/python main.py $(WORDS)

# One process a core, and in each one thread: threads of several processes would wait for each other. What is compiled is
# kept, whatever the shell says: the tests start a hundred processes, and each would compile sutja anew.
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile

test: $(VENV)/.dev chromium
	$(PYTEST)

# To count what the tests reach takes them half as long again.
coverage: $(VENV)/.dev chromium
	$(PYTEST) --cov

# The page is tested in a real browser. Where it cannot be installed, these tests are skipped and say what is missing.
chromium:
	@if [ -z "$$SUTJA_CHROMIUM" ] && ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
	    && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  { apt-get install -y chromium || { apt-get update && apt-get install -y chromium; }; } >/dev/null 2>&1 \
	    || echo "chromium could not be installed: the tests of the page are skipped" >&2; \
	fi

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint coverage
	$(BIN)/python -m tools.readme --check
	$(BIN)/python -m tools.readme_commands

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(WORDS)

readme: $(VENV)/.dev
	$(BIN)/python -m tools.readme

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sutja needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
