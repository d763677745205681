# Tendril's commands. `make` alone lists them.
.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that is new enough; `make PYTHON=/path/to/python3` overrules it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
# Browser tests drive this; `make test` installs Debian's where it may.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# More than there are cores, as a rule: many tests wait for processes of their own.
JOBS ?= 3
# What follows `bot demo`, such as `make demo ARGS="--port 9000 --no-browser"`.
ARGS ?=
# What follows pytest, such as `make check TESTS="tests/core -k hours"`.
TESTS ?=

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(VENV)/.runtime ## Run everything on this machine: needs only Python 3.11 or newer
	@exec $(BIN)/bot demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev chromium lint types ## Run every check and test, the slow and the browser's too
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder --tb short --durations 10 $(TESTS)

.PHONY: check
check: $(VENV)/.dev lint types ## Run the everyday part of it, in under three minutes
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder --tb short -m "not slow and not browser" $(TESTS)

.PHONY: lint
lint: $(VENV)/.dev ## Check style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo

.PHONY: types
types: $(VENV)/.dev ## Check types strictly
	$(BIN)/mypy

.PHONY: bench
bench: $(VENV)/.dev ## Measure webhook, dispatch and planning against their floors
	@for name in webhook dispatch planning; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name $(ARGS) || exit 1; done

.PHONY: pictures
pictures: $(VENV)/.dev ## Draw the pictures of docs/console.md anew, in a browser
	$(BIN)/python -m pytest -q -n 0 tests/browser/pictures.py

.PHONY: lock
lock: $(VENV)/.dev ## Choose the newest versions anew and write both lock files
	$(BIN)/uv pip compile pyproject.toml --extra demo --group build $(COMPILE) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --group build -c requirements.lock $(COMPILE) -o requirements-dev.lock

COMPILE := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

.PHONY: chromium
chromium:
	@if [ -z "$(CHROMIUM)" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Debian's chromium for the browser tests"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
	  else \
	    echo "**** No chromium here: the browser tests will be SKIPPED. Install it, or set CHROMIUM=/path/to/it. ****"; \
	  fi; \
	fi

# What is installed, by lock file. The stamps make a second `make` instant.
$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, with its venv module (Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.created
	$(install)

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/.created
	$(install)

# uv is itself in the lock, pinned by hash: pip fetches it, and it fetches the rest many times as fast. Where it does not
# run, pip does all. The project is linked in place, built by what the lock has brought: nothing comes unhashed.
define install
	@echo "Installing what $< names"
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' $< > $(VENV)/uv.txt
	@if $(BIN)/python -m pip install $(PIP) --require-hashes -r $(VENV)/uv.txt && \
	    $(BIN)/uv pip install -q $(CACHE) --python $(BIN)/python --require-hashes -r $< && \
	    $(BIN)/uv pip install -q $(CACHE) --python $(BIN)/python --offline $(HERE); \
	  then :; else \
	    $(BIN)/python -m pip install $(PIP) --require-hashes -r $< && \
	    $(BIN)/python -m pip install $(PIP) --no-index $(HERE); \
	  fi
	@$(BIN)/bot understand </dev/null  # compiles the lexicons once, before anybody waits for them
	@touch $@
endef

# A home that may not be written to, such as that of nobody, holds no cache.
CACHE := $(shell d="$${XDG_CACHE_HOME:-$$HOME}"; [ -w "$$d" ] || echo --no-cache-dir)
PIP := -q --disable-pip-version-check --no-compile $(CACHE)
HERE := --no-deps --no-build-isolation -e .
