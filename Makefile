# `make demo` sets everything up and does the main job; `make test` sets everything up and runs every test.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= forecourt_bag_v1

.PHONY: demo test check install install-dev footage docs-media clean

demo: $(VENV)/.installed
	$(BIN)/parvis run $(SCENARIO) --out runs/demo --force

test: $(VENV)/.installed-dev
	./tests/system_packages.sh
	$(MAKE) check
	PARVIS_FOOTAGE=$(CURDIR)/data $(BIN)/pytest

# The fast ones: style, types, directions of imports.
check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Parvis needs Python 3.11 or newer; set PYTHON=python3.12 if that is what you have."; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Parvis needs Python 3.11 or newer; $(PYTHON) is older."; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv: apt install $(PYTHON)-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Parvis and what it needs (about 1.3 GB, two minutes)"
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --progress-bar on -e .
	$(BIN)/parvis doctor --prepare
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --progress-bar on -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) runs
