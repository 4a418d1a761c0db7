# make demo   a venv with numpy and h5py alone, and the demo in it
# make test   a venv with all engines that this Python can have, and the whole test suite in it
# make lint   ruff and mypy        make bench   benchmarks        make clean   remove the venvs and caches

PYTHON ?= python3
VENV ?= .venv
TEST_VENV ?= .venv-test

# the tests want Python 3.11, where all three engines can be installed
TEST_PYTHON ?= $(shell for p in python3.11 $(PYTHON); do if $$p -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then echo $$p; break; fi; done)

.PHONY: demo test lint bench build clean

demo: $(VENV)/.installed
	$(VENV)/bin/kbridge demo

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "kbridge needs Python 3.11 or later; this is $$($(PYTHON) --version 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { echo "Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

test: $(TEST_VENV)/.installed
	$(TEST_VENV)/bin/python tests/run.py $(ARGS)

$(TEST_VENV)/.installed: pyproject.toml tests/requirements.py
	@test -n "$(TEST_PYTHON)" || { echo "No Python 3.11 or later found. Try: make test PYTHON=/path/to/python3.11"; exit 1; }
	@$(TEST_PYTHON) tests/requirements.py
	$(TEST_PYTHON) -m venv $(TEST_VENV)
	$(TEST_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(TEST_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[dev,tensorflow]"
	@if $(TEST_VENV)/bin/python -c "import sys; sys.exit(sys.version_info >= (3, 12))"; then \
		echo "installing Theano"; $(TEST_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[theano]"; \
	fi
	@touch $@

lint: $(TEST_VENV)/.installed
	$(TEST_VENV)/bin/ruff check kbridge tests benchmarks
	$(TEST_VENV)/bin/mypy

bench: $(TEST_VENV)/.installed
	$(TEST_VENV)/bin/python -m benchmarks

build: $(TEST_VENV)/.installed
	rm -rf dist
	$(TEST_VENV)/bin/python -m build --quiet
	$(TEST_VENV)/bin/twine check dist/*

clean:
	rm -rf $(VENV) $(TEST_VENV) .cache build dist *.egg-info
