# Two commands matter: `make report` and `make test`. Both need only Python 3.11+, git and make.
#   make report ARGS="--as-of 2018-02-05"    hands options to the command
#   make report PYTHON=python3.12            builds the environment with another Python

PYTHON  ?= python3
PYTEST  ?= -n 2
PORT    ?= 8000
ARGS    ?=

VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.installed
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all:

.DEFAULT_GOAL := help
.PHONY: report test bench bars docs serve lint help

report: $(READY) ## the desk sheet: in the terminal, and as HTML, JSON, CSV and Markdown in report/
	@$(BIN)/groundswell report --refresh auto $(ARGS)

test: $(READY) ## the fast tests (under three minutes on two cores)
	@$(BIN)/python -m pytest $(PYTEST) -m "not bars" $(ARGS)

bench: $(READY) ## every benchmark, each beside what one would use instead
	@set -e; for file in benchmarks/bench_*.py; do \
	    test -e "$$file" || continue; echo "== $$file"; $(BIN)/python "$$file"; done

bars: $(READY) ## the long tests, then the benchmarks
	@$(BIN)/python -m pytest -m bars $(ARGS)
	@$(MAKE) --no-print-directory bench

docs: $(READY) ## the handbook, into site/ (a broken link or a bare page fails)
	@$(BIN)/python -m mkdocs build --strict

serve: report ## the report on http://127.0.0.1:8000 (PORT=... for another port)
	@echo "http://127.0.0.1:$(PORT)  (Ctrl-C ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory report

lint: $(READY) ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1@\2/' \
	    | while IFS=@ read -r name words; do printf '  make %-8s %s\n' "$$name" "$$words"; done

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	    echo "Groundswell needs Python 3.11 or newer, and '$(PYTHON)' is not on the path." >&2; \
	    echo "Install it, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Groundswell needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." >&2; \
	    echo "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { \
	    rm -rf $(VENV); \
	    echo "'$(PYTHON) -m venv' failed: this Python came without the venv module." >&2; \
	    echo "Add it (on Debian and Ubuntu: apt install python3-venv) and try again." >&2; exit 1; }
	@echo "Installing Groundswell and its pinned dependencies into $(VENV) (once; a minute or two) ..."
	@$(INSTALL) -c constraints.txt -e '.[dev,docs]'
	@touch $@
