# `make demo` and `make test` set up all they need, in a virtual environment of their own.

VENV ?= .venv
BENCH ?= $(VENV)-bench
PYTHON ?= python3
BIN := $(VENV)/bin
CORE_AND_PLUGINS := core $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
EDITABLE := $(foreach folder,$(CORE_AND_PLUGINS),-e $(folder))
PROJECTS := $(addsuffix /pyproject.toml,. $(CORE_AND_PLUGINS))

# uv where it is present, plain pip otherwise; never the system's Python.
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

# Speaks the wires of five providers, and nobody here wrote it.
AIMOCK := @copilotkit/aimock@1.43.0

.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast check format faults bench bench-baseline bench-install bench-layers bench-micro bench-page bench-peers bench-scaling chaos fuzz mutate docs constraints clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# A Debian without python3-venv makes an environment without pip, and its own pip fills it.
$(BIN)/python:
ifneq ($(UV),)
	@$(UV) venv --quiet $(VENV)
else
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
		rm -rf $(VENV) && $(PYTHON) -m venv --without-pip $(VENV) && \
		$(PYTHON) -m pip --quiet --python $(BIN)/python install pip; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
endif

$(VENV)/.installed: $(BIN)/python $(PROJECTS) constraints.txt
	@echo "installing Headwater into $(VENV)"
	@$(INSTALL) --constraint constraints.txt $(EDITABLE)
	@touch $@

# The real peers: a llama.cpp server has wheels for most platforms, aimock needs npm. Where one is
# not to be had, its tests say so and skip.
$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing what the tests need into $(VENV)"
	@$(INSTALL) --constraint constraints.txt --group dev
	@$(INSTALL) --constraint constraints.txt --group peers \
		|| echo "no llama.cpp server for this platform: its tests will skip"
	@npm install --silent --fetch-retries 1 --no-save --no-package-lock --prefix $(VENV)/peers $(AIMOCK) \
		|| echo "no aimock, which needs npm: its tests will skip"
	@touch $@

install: $(VENV)/.installed  ## install Headwater, editable, into .venv

demo: install  ## stream an answer from the embedded default provider
	@$(BIN)/headwater chat -m demo/eliza "I feel tired, and my computer never listens."

test: $(VENV)/.installed-dev  ## run all tests
	@$(BIN)/python -m pytest

test-fast: $(VENV)/.installed-dev  ## run the tests that take no time
	@$(BIN)/python -m pytest -m "not slow"

check: $(VENV)/.installed-dev  ## format, lint, types, layering
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-dev  ## put the sources into their form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

faults: $(VENV)/.installed-dev  ## play all fault scenarios, and write their page of the documentation
	@$(BIN)/python -m tests.faults.table

bench: $(VENV)/.installed-dev  ## measure, side by side with a client written by hand
	@$(BIN)/python -m tests.benchmarks

bench-layers: $(VENV)/.installed-dev  ## measure what each layer costs
	@$(BIN)/python -m tests.benchmarks layers

bench-scaling: $(VENV)/.installed-dev  ## measure what happens when there is more of everything
	@$(BIN)/python -m tests.benchmarks scaling

bench-micro: $(VENV)/.installed-dev  ## measure parsers, decoders and layers by themselves
	@$(BIN)/python -m pytest tests/benchmarks/test_benchmarks_micro.py --benchmark-enable --benchmark-only

bench-baseline: $(VENV)/.installed-dev  ## accept what a token and a call cost now
	@$(BIN)/python -m tests.benchmarks baseline

# In an environment of their own, since none of these libraries is needed for anything else.
$(VENV)/.installed-bench: $(VENV)/.installed
	@echo "installing the libraries to compare with into $(VENV)"
	@$(INSTALL) --group bench
	@touch $@

bench-install:
	@$(MAKE) --no-print-directory VENV=$(BENCH) $(BENCH)/.installed-bench

bench-peers: bench-install  ## measure, side by side with other libraries
	@$(BENCH)/bin/python -m tests.benchmarks peers --rounds 3

bench-page: bench-install  ## measure everything, and write it into the documentation
	@$(BENCH)/bin/python -m tests.benchmarks all --save
	@$(BENCH)/bin/python -m tests.benchmarks page

# The fuzzer is installed by this target alone.
fuzz: $(VENV)/.installed-dev  ## fuzz each parser and decoder for FUZZ_SECONDS (20)
	-@$(INSTALL) --group fuzz
	@$(BIN)/python -c "import atheris" 2>/dev/null || { echo "no atheris for this platform and Python: nothing is fuzzed"; exit 1; }
	@$(BIN)/python -m tests.fuzz

chaos: $(VENV)/.installed-dev  ## 10,000 streams with faults, then many more drawn by hypothesis
	@$(BIN)/python -m tests.chaos
	@HEADWATER_EXAMPLES=10 $(BIN)/python -m pytest -o timeout=900 tests/properties

mutate: $(VENV)/.installed-dev  ## break the code in many ways, each of which a test must notice
	@$(BIN)/python -m tests.mutations

docs: $(VENV)/.installed-dev  ## check the documentation: links, snippets, examples
	@$(BIN)/python -m pytest tests/project -k "docs or examples"

constraints: $(VENV)/.installed-dev  ## write down the versions that are installed now
	@{ echo "# The versions that the tests passed with, written by \`make constraints\`."; \
		$(BIN)/python -m pip freeze --exclude-editable --exclude pip; } > constraints.txt

clean:  ## remove what the other targets made
	@rm -rf $(VENV) $(BENCH) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
