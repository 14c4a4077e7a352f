# inkread: make demo | test | lint | bench | clean

# The first Python from 3.11 on that really runs: some installations leave names on the path that do not.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 \
	&& { echo $$p; break; }; done)
ifndef INKREAD_DATA
ifneq ($(wildcard ../shared/data/mnist),)
export INKREAD_DATA := $(abspath ../shared/data)
endif
endif
PIP := -m pip --disable-pip-version-check install --quiet
DEMO := .venv-demo
DEV := .venv
WORKERS ?= 2

.PHONY: demo test lint bench clean python needs

## read the example pictures with the shipped weights; the base install alone, no training framework
demo: $(DEMO)/.ready
	@$(DEMO)/bin/python examples/demo.py

## run all checks and tests; WORKERS=4 where there are more processors and some 2 GB of memory for each worker
test: lint needs
	OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 $(DEV)/bin/python -m pytest \
		--numprocesses=$(WORKERS) --dist=worksteal --cov --cov-report=term:skip-covered

# say which programs the tests of the page and of the window lack; those tests are skipped without them
needs:
	@command -v chromium >/dev/null || echo "The tests of the page need Chromium (Debian: apt-get install chromium)."
	@command -v Xvfb >/dev/null || echo "The tests of the window need Xvfb (Debian: apt-get install xvfb)."
	@$(DEV)/bin/python -c 'import tkinter' 2>/dev/null || \
		echo "The tests of the window need Tk (Debian's Python: apt-get install python3-tk)."

python:
	@echo $(PYTHON)

lint: $(DEV)/.ready
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports --no-logo

## measure what the README and the docs claim; needs MNIST and some ten minutes
bench: $(DEV)/.ready
	$(DEV)/bin/python -m benchmarks

clean:
	rm -rf $(DEMO) $(DEV) build dist *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(DEMO)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "inkread needs Python 3.11, 3.12 or 3.13 with venv; none was found."; exit 1; }
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python $(PIP) -e .
	@touch $@

$(DEV)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "inkread needs Python 3.11, 3.12 or 3.13 with venv; none was found."; exit 1; }
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/python $(PIP) -e '.[dev]'
	@touch $@
