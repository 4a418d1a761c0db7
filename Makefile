# make demo   a virtual environment with numpy and h5py alone, and the demo in it
# make quick  a virtual environment with NumPy and the light test tools alone, and the tests of everyday changes in it: two minutes
# make test   a virtual environment with every backend, and the whole test suite in it
# make second the parity matrix and a part of the tests on a second Python, 3.13, if there is one
# make environment, quick-environment, second-environment   what test, quick and second run in, without running it
# make lint   ruff and mypy
# make build  wheel and source distribution, checked
# make docs  the documentation as a site, in build/site
# make bench  benchmarks
# make clean  remove the environments and caches
#
# PYTHON=... chooses the interpreter; else demo takes the first fit one, and test prefers 3.11.

fit = $(shell for p in $(1); do \
	$$p -c "import sys; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1 && { command -v $$p; break; }; done)

ifdef PYTHON
DEMO_PYTHON := $(PYTHON)
TEST_PYTHON := $(PYTHON)
else
DEMO_PYTHON := $(call fit,python3 python3.13 python3.12 python3.11)
TEST_PYTHON := $(call fit,python3.11 python3 python3.13 python3.12)
endif

SECOND_PYTHON ?= $(call fit,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13))
EXTRAS ?= dev,tensorflow

VENV ?= .venv
TEST_VENV ?= .venv-test
QUICK_VENV ?= .venv-quick
PIP = -m pip install --quiet --disable-pip-version-check
# an environment of another Python is made anew, one of the same is only brought up to date
version = $(if $(1),$(shell $(1) -c "import sys; print(sys.version_info[0], sys.version_info[1], sep='.')" 2>/dev/null))
DEMO_DONE := $(VENV)/.installed-$(call version,$(DEMO_PYTHON))
QUICK_DONE := $(QUICK_VENV)/.installed-$(call version,$(TEST_PYTHON))
TEST_DONE := $(TEST_VENV)/.installed-$(call version,$(TEST_PYTHON))

.PHONY: demo quick quick-environment test environment second second-environment lint build docs bench clean

demo: $(DEMO_DONE)
	@$(VENV)/bin/kbridge demo $(ARGS)

$(DEMO_DONE): pyproject.toml tests/requirements.py
	@test -n "$(DEMO_PYTHON)" || { echo "kbridge needs Python 3.11 or later, and there is none on the PATH. Try: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@$(DEMO_PYTHON) tests/requirements.py demo
	@echo "Installing kbridge with numpy and h5py into $(VENV)"
	@test -e $@ || $(DEMO_PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python $(PIP) -e .
	@touch $@

quick: $(QUICK_DONE)
	@$(QUICK_VENV)/bin/python tests/run.py --light $(ARGS)

quick-environment: $(QUICK_DONE)

$(QUICK_DONE): pyproject.toml tests/requirements.py
	@test -n "$(TEST_PYTHON)" || { echo "The tests need Python 3.11 or later, and there is none on the PATH. Try: make quick PYTHON=/path/to/python3.11"; exit 1; }
	@$(TEST_PYTHON) tests/requirements.py quick
	@echo "Installing kbridge with NumPy and the light test tools into $(QUICK_VENV)"
	@test -e $@ || $(TEST_PYTHON) -m venv --clear $(QUICK_VENV)
	@$(QUICK_VENV)/bin/python $(PIP) -e ".[light]"
	@touch $@

test: $(TEST_DONE)
	@$(TEST_VENV)/bin/python tests/run.py $(ARGS)

environment: $(TEST_DONE)

$(TEST_DONE): pyproject.toml tests/requirements.py kbridge/commands/install.py
	@test -n "$(TEST_PYTHON)" || { echo "The tests need Python 3.11 or later, and there is none on the PATH. Try: make test PYTHON=/path/to/python3.11"; exit 1; }
	@$(TEST_PYTHON) tests/requirements.py test
	@echo "Installing kbridge with its backends and test tools into $(TEST_VENV); TensorFlow is large"
	@test -e $@ || $(TEST_PYTHON) -m venv --clear $(TEST_VENV)
	@$(TEST_VENV)/bin/python $(PIP) -e ".[$(EXTRAS)]"
	@$(TEST_VENV)/bin/kbridge install theano
	@touch $@

ON_SECOND = $(MAKE) --no-print-directory PYTHON=$(SECOND_PYTHON) TEST_VENV=.venv-second EXTRAS=test,tensorflow
NO_SECOND = echo "There is no Python 3.13 here, so nothing is tested on a second Python."

second:
	@if test -n "$(SECOND_PYTHON)"; then $(ON_SECOND) test ARGS=--quick; else $(NO_SECOND); fi

second-environment:
	@if test -n "$(SECOND_PYTHON)"; then $(ON_SECOND) environment; else $(NO_SECOND); fi

lint: $(TEST_DONE)
	$(TEST_VENV)/bin/ruff check kbridge tests benchmarks examples
	$(TEST_VENV)/bin/ruff format --check --quiet kbridge tests benchmarks examples
	$(TEST_VENV)/bin/mypy

build: $(TEST_DONE)
	rm -rf build dist
	$(TEST_VENV)/bin/python -m build --quiet
	$(TEST_VENV)/bin/twine check --strict dist/*

docs: $(TEST_DONE)
	@NO_MKDOCS_2_WARNING=1 $(TEST_VENV)/bin/mkdocs build --strict --quiet
	@echo "The site is build/site/index.html"

bench: $(TEST_DONE)
	$(TEST_VENV)/bin/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) $(TEST_VENV) $(QUICK_VENV) .venv-second .cache build dist *.egg-info
