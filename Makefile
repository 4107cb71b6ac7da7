# Every target sets up what it needs in .venv; a second call finds it there.
# Another Python than the one on PATH: make PYTHON=/path/to/python3.12 demo

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
INSTALLED := .venv/installed
EXTENSION := extensions/jupyterlab-workbench
DISTRIBUTIONS := . recipes/proteins recipes/materials $(EXTENSION)
DIST := dist
DEBIAN := hmmer hmmer-examples mmseqs2-examples chromium fonts-dejavu-core
RIG := slurm-wlm slurmdbd munge mariadb-server gridengine-master gridengine-exec gridengine-client
NPM := PATH="$(abspath $(BIN)):$$PATH" npm --prefix $(EXTENSION)

BUILT := $(EXTENSION)/jupyterlab_workbench/labextension/package.json

# Scripts in .venv name its place: after a move it is made anew.
ifneq ($(shell cat $(INSTALLED) 2>/dev/null),$(CURDIR))
.PHONY: $(INSTALLED)
endif

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: demo
demo: $(INSTALLED) ## search the globin family among the example's sequences
	@echo '$$ $(BIN)/workbench run start proteins.search --example globins --wait'
	@$(BIN)/workbench run start proteins.search --example globins --wait
	@echo "           To type 'workbench' alone: source $(BIN)/activate"

.PHONY: lab
lab: $(BUILT) ## JupyterLab with the workbench's panel open
	@$(BIN)/workbench lab

.PHONY: pool-demo
pool-demo: $(INSTALLED) debian ## the same over mixed cards of a Slurm of its own; as root
	@$(BIN)/python -m tools.pool_demo

.PHONY: dev
dev: $(INSTALLED) ## set up .venv with everything the tests need
	@echo "Ready. To have 'workbench' and 'pytest' on PATH: source $(BIN)/activate"

# The tests run also where lint failed, so that one call tells everything.  Two processes share
# them: what asks a scheduler mostly waits.  With three, two cores are too few for their time limits.
.PHONY: test
test: $(BUILT) debian ## lint, then every test but the long fault matrix
	@lint=0; $(MAKE) lint || lint=$$?; \
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadscope --no-loadscope-reorder --durations=10; \
	exit $$lint

.PHONY: faults
faults: $(INSTALLED) debian ## the whole fault matrix: 20 kills of everything
	@$(BIN)/python -m pytest -m "faults or long" --durations=10

.PHONY: lint
lint: $(INSTALLED) ## style, types and layers, of the browser's part too
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(NPM) run --silent lint

.PHONY: bench
bench: $(INSTALLED) ## measure what docs/benchmarks.md promises: about 40 minutes
	@for script in $(filter-out %/common.py %/lab.py %/swarm.py,$(wildcard benchmarks/*.py)); do echo "$$script"; $(BIN)/python "$$script"; done

.PHONY: compare
compare: $(BUILT) debian ## dask-labextension beside our panel, in one JupyterLab; writes docs/compare.md
	@$(BIN)/python -m tools.compare

.PHONY: wheels
wheels: $(INSTALLED) ## build wheels and source archives into dist/
	@rm -rf $(DIST)
	@for folder in $(DISTRIBUTIONS); do \
		PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m build --no-isolation --outdir $(DIST) "$$folder" >.venv/wheels.log 2>&1 \
			|| { tail -20 .venv/wheels.log; exit 1; }; \
	done
	@ls $(DIST)

$(INSTALLED): pyproject.toml constraints.txt $(wildcard recipes/*/pyproject.toml) $(EXTENSION)/pyproject.toml
	@tools/set_up.sh "$(PYTHON)" $(DISTRIBUTIONS)
	@echo "$(CURDIR)" >$@

# Setting up builds the browser's part; after a change of its sources it is built anew, in place.
$(BUILT): $(INSTALLED) $(shell find $(EXTENSION)/src $(EXTENSION)/style $(EXTENSION)/package.json 2>/dev/null)
	@$(NPM) run --silent build >.venv/build.log 2>&1 || { tail -20 .venv/build.log; exit 1; }
	@rm -rf .venv/share/jupyter/labextensions/jupyterlab-science-workbench
	@ln -sfn "$(abspath $(dir $@))" .venv/share/jupyter/labextensions/jupyterlab-science-workbench
	@touch $@

# Programs and sequences that some tests compare with, and the schedulers of the rig: installed
# where that is possible, else those tests say that they were skipped.
.PHONY: debian
debian:
	@tools/debian_packages.sh $(DEBIAN) $(RIG)
