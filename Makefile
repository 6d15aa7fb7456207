# Every target sets up what it needs, in .venv, and is quick the second time.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Where it is set, each of the tests' hundred processes would compile Dagster for itself.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run dev dashboard test check bench lock clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## refresh the balances (built-in sandbox unless Powens is set up)
	@$(BIN)/pfo run pfo.workflow.refresh-openbanking-balances

dev: $(VENV)/.run ## Dagster's UI on http://localhost:3000
	@$(BIN)/pfo dev

dashboard: $(VENV)/.dashboard ## what is held, in the browser: http://localhost:2718
	@$(BIN)/pfo dashboard

# The tests of Dagster's UI wait more than they work, so they run beside the others. These wait for
# processes that they start: three workers keep two cores busy.
test: $(VENV)/.dev ## the whole test suite
	@$(BIN)/pytest tests/ui > $(VENV)/ui.log 2>&1 & ui=$$!; \
	  trap "kill $$ui" INT TERM; \
	  $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/ui; \
	  others=$$?; wait $$ui; seen=$$?; \
	  echo "tests/ui:"; cat $(VENV)/ui.log; \
	  test $$others -eq 0 -a $$seen -eq 0

check: $(VENV)/.dev ## lint, format, types, layers, and the generated pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports
	@$(BIN)/pfo docs --check

bench: $(VENV)/.dev $(VENV)-bench/.made ## the measurements of benchmarks/README.md (20 minutes)
	@$(BIN)/python -m benchmarks

lock: $(VENV)/.uv ## resolve the dependencies again
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements/dev.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header -c requirements/dev.lock pyproject.toml \
	  requirements/build.in -o requirements/run.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header -c requirements/dev.lock --extra dashboard pyproject.toml \
	  requirements/build.in -o requirements/dashboard.lock
	@echo "uv" | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header - -o requirements/uv.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header requirements/bench.in -o requirements/bench.lock

clean: ## forget the virtual environment and every cache, not the data
	@rm -rf $(VENV) $(VENV)-bench .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.uv: requirements/uv.lock
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.lock pyproject.toml
	@test -f $(VENV)/.dev || VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements/run.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dashboard: $(VENV)/.run requirements/dashboard.lock
	@test -f $(VENV)/.dev || VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements/dashboard.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements/dev.lock pyproject.toml
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements/dev.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

# dagster-duckdb-pandas needs pandas 2, hence an environment of its own for what is compared with it.
$(VENV)-bench/.made: $(VENV)/.uv requirements/bench.lock
	@$(PYTHON) -m venv $(VENV)-bench
	@VIRTUAL_ENV=$(VENV)-bench $(BIN)/uv pip install -q --require-hashes -r requirements/bench.lock
	@touch $@
