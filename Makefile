# Everything here sets itself up: the first target that needs .venv makes it, out of locks with hashes.
# `make` with nothing to do takes 2 ms: no program runs to find that out, and make tries none of its own rules for C.
MAKEFLAGS += --no-builtin-rules --no-builtin-variables

SETTINGS := hydra.toml
SYSTEM   :=
FORMAT   := json

PYTHON := .venv/bin/python
UV     := .venv/bin/uv

# uv brings its own certificates; a company's proxy is only among the system's.
export UV_SYSTEM_CERTS   ?= true
export SAM_CLI_TELEMETRY ?= 0

.DEFAULT_GOAL := synth
.DELETE_ON_ERROR:
.PHONY: help synth lint test unit build_lambda build up down status logs open torture audit flat bench lock clean FORCE
.PHONY: mutate vulnerabilities

help:  ## Show this
	@awk -F ':.*## ' '/^[a-z_]+:.*## / { printf "  %-20s%s\n", $$1, $$2 }' Makefile
	@echo 'Variables: SETTINGS=hydra.toml (synth), SYSTEM=batch|mlflow|artifacts|endpoints (all that builds; local: of make up), FORMAT=json|yaml (synth)'

# --- Templates -------------------------------------------------------------------------------------------------------

SOURCES   := $(wildcard templates_py/*.py templates_py/*/*.py) $(wildcard functions/db_init/schema/*)
TEMPLATES := $(wildcard build/*.$(FORMAT) build/*/*.$(FORMAT))

# One stamp for each choice of settings, system and format, of which the last to succeed is the only one there. What
# `make up` deploys (SYSTEM=local) is both systems.
ROOT  := $(filter-out local,$(SYSTEM))
SYNTH := build/.synth-$(subst /,_,$(SETTINGS))-$(ROOT)-$(FORMAT)

synth: $(SYNTH)  ## Write the templates to build/

# The folders count too, so that a deleted source is a change; so do templates that another hand wrote or took away.
$(SYNTH): .venv/.synth $(wildcard $(SETTINGS)) $(SOURCES) $(sort $(dir $(SOURCES))) $(or $(TEMPLATES),FORCE)
	@$(PYTHON) -m templates_py synth --settings '$(SETTINGS)' $(addprefix --system ,$(ROOT)) --format '$(FORMAT)'
	@rm -f build/.synth-*
	@touch '$@'

lint: synth .venv/.dev  ## Check the templates with cfn-lint
	@$(PYTHON) -m templates_py lint

# --- The platform on this machine ------------------------------------------------------------------------------------

LOCAL := .venv/.dev .local/emulator/.ready $(if $(wildcard mlflow_container/requirements.txt),.local/mlflow/.ready)

up: $(LOCAL)  ## Run all of it on this machine, or update it (PARAMETERS='MinTasks=2', PORT=4566, IMAGE=1)
	@$(PYTHON) -m local up --parameters '$(PARAMETERS)' $(addprefix --port ,$(PORT)) $(if $(IMAGE),--image)

down: $(LOCAL)  ## Stop it; the data stay (PURGE=1: delete them, after a question)
	@$(PYTHON) -m local down $(if $(PURGE),--purge)

status: $(LOCAL)  ## Show its stacks, databases, tasks and jobs
	@$(PYTHON) -m local status

logs: $(LOCAL)  ## Print what its functions, tasks and jobs said (FOLLOW=1: go on)
	@$(PYTHON) -m local logs $(if $(FOLLOW),--follow)

open: $(LOCAL)  ## Open MLflow's page
	@$(PYTHON) -m local open

# --- Tests -----------------------------------------------------------------------------------------------------------

test: .venv/.dev  ## Run all checks and tests
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -n auto

unit: .venv/.dev  ## Run the quick tests alone
	$(PYTHON) -m pytest -n auto -m 'not slow'

# Each of the three seeds of `make test` is about a hundred kills, on both servers together; of MLflow's migrations it
# kills some thirty statements, not all.
torture: .venv/.dev  ## Kill the database initialiser for as long as you like (SEEDS=200), and each of MLflow's migrations
	TORTURE=$(or $(SEEDS),200) $(PYTHON) -m pytest -n auto -k 'killed or buildah' \
	  tests/functions/test_once.py tests/mlflow_container

SCANNERS := .local/audit/checkov/.ready .local/audit/scanners/.ready .local/audit/node/.ready

audit: synth .venv/.dev $(SCANNERS)  ## Judge the templates by ten scanners and our own rules (FLAT=file.json: that one)
	@$(PYTHON) -m audit $(if $(FLAT),--flat '$(FLAT)')

flat: synth .venv/.dev  ## Write what audit judges: each root as one flattened template
	@$(PYTHON) -m audit --write

vulnerabilities: .local/audit/scanners/.ready  ## Look the pinned packages up in PyPI's advisories, which takes a network
	@for lock in requirements/*.txt */requirements.txt functions/*/requirements.txt; do \
	  .local/audit/scanners/bin/pip-audit --strict --disable-pip --require-hashes --requirement "$$lock" || failed=1; \
	done; test -z "$$failed"

mutate: .venv/.dev  ## Break the templates in some 4000 ways, and see that each is found
	@$(PYTHON) -m templates_py mutate

bench: .venv/.dev  ## Measure what README's figures come from
	@$(PYTHON) bench/synth/run.py
	@$(PYTHON) bench/db_init/run.py
	@$(PYTHON) bench/mlflow/run.py

# --- Packages --------------------------------------------------------------------------------------------------------

# SAM sets ARTIFACTS_DIR (functions/db_init/Makefile): its builds and one by hand are the same.
ARTIFACTS_DIR ?= .aws-sam/db_init

# Lambda's Python and the image's, where it is at hand: a version manager's own name for it may only say it is not there.
PYTHON_3_13 = PYENV_VERSION=3.13 python3.13 -c 'import sys; print(sys.executable)' 2>/dev/null \
  || $(UV) python find --no-python-downloads 3.13 2>/dev/null

# Lambda cannot write bytecode, so that each cold start would compile it all: it comes along where Lambda's Python is at hand.
COMPILED = python=$$($(PYTHON_3_13)) || exit 0; \
  PYTHONHASHSEED=0 "$$python" -m compileall -q --invalidation-mode unchecked-hash -s '$(ARTIFACTS_DIR)' -p /var/task \
  '$(ARTIFACTS_DIR)'

# Wheels for Lambda's Linux and Python, whatever this machine is. What is installed stays described (dist-info): that is
# what scanners of a deployed function read.
build_lambda: .venv/.uv  ## Make the function's package, in .aws-sam/db_init
	@rm -rf .aws-sam/db_init
	@$(UV) pip install --quiet --python $(PYTHON) --target '$(ARTIFACTS_DIR)' --require-hashes --only-binary :all: \
	  --python-platform x86_64-manylinux2014 --python-version 3.13 --requirements functions/db_init/requirements.txt
	@rm -rf '$(ARTIFACTS_DIR)/.lock' '$(ARTIFACTS_DIR)/sqlalchemy/testing'
	@cp -R functions/db_init/*.py functions/db_init/rds-ca.pem functions/db_init/schema '$(ARTIFACTS_DIR)'
	@$(COMPILED)

# This make's variables and job slots are no business of the make that SAM runs. What SAM says on its standard output is
# which of its own commands come next; here that is `make deploy` as a rule.
build: synth .venv/.dev  ## Package all of it with SAM, or SYSTEM alone
	@env -u MAKEFLAGS -u MAKELEVEL $(PYTHON) -m samcli build $(addprefix --config-env ,$(SYSTEM)) >/dev/null

clean:  ## Remove what was built: build/ and .aws-sam/
	rm -rf build .aws-sam

# --- Commands, of AWS or whatever AWS_ENDPOINT_URL names --------------------------------------------------------------

# The environment of samconfig.toml that says which stack. TAG: an image that is in the repository, instead of ours.
# ALLOW: what may be lost, or lose its protection, by path or logical ID.
.PHONY: preflight diff deploy start update_container rollback_container events destroy
CONFIG_ENV := $(or $(SYSTEM),default)
COMMAND = $(PYTHON) -m commands $(1) --config-env '$(CONFIG_ENV)'
TAGGED = $(if $(TAG),--tag '$(TAG)')
ALLOWED = $(foreach id,$(ALLOW),--allow '$(id)')

preflight: build  ## Say what a deployment would fail on, each with its fix; nothing is changed
	@$(call COMMAND,preflight)

diff: build  ## Show what a deployment would change, and change nothing (OFFLINE=1: against the last one, without AWS)
	@$(call COMMAND,diff) $(if $(OFFLINE),--offline)

deploy: build  ## Deploy what was built; refuse what would take data, unless named (ALLOW='Batch/Database/Instance')
	@$(call COMMAND,deploy) $(ALLOWED)

start: build  ## Deploy all of it, push MLflow's image meanwhile, and bring its service up; goes on where it was
	@$(call COMMAND,start) $(TAGGED) $(ALLOWED)

update_container: build  ## Roll a new image of MLflow out: schema first, after a snapshot, and no request lost (TAG=)
	@$(call COMMAND,update) $(TAGGED)

rollback_container: build  ## Go back to MLflow's image of before, where the schema allows (TAG=)
	@$(call COMMAND,rollback) $(TAGGED)

events: .venv/.dev  ## Say what failed first in the stack's last operation, and how to go on
	@$(call COMMAND,events)

destroy: .venv/.dev  ## Delete the stack, and say how to get back what it held (ALLOW=, CONFIRM=its name)
	@$(call COMMAND,destroy) $(ALLOWED) $(if $(CONFIRM),--confirm '$(CONFIRM)')

# --- MLflow's server on this machine ---------------------------------------------------------------------------------

# What the image installs, in an environment of its own: it shares no version with .venv. No Python 3.13: uv fetches one.
.local/mlflow/.ready: mlflow_container/requirements.txt | .venv/.uv
	@echo 'Setting up .local/mlflow, some 20 s'
	@$(UV) venv --quiet --clear --python "$$($(PYTHON_3_13) || echo 3.13)" .local/mlflow
	@$(UV) pip sync --quiet --python .local/mlflow/bin/python --compile-bytecode --require-hashes $<
	@touch $@

# --- The virtual environment -----------------------------------------------------------------------------------------

# Version managers leave a python3.13 on the PATH that only says it is not installed: running each is the way to know.
.venv/bin/python:
	@for python in python3.13 python3.12 python3.11 python3 python; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found=$$python; \
	  $$python -c 'import ensurepip, venv' 2>/dev/null && exec $$python -m venv --clear .venv; \
	done; \
	test -n "$$found" \
	  && echo "$$found comes without venv and ensurepip: install them (Debian, Ubuntu: python3-venv)" >&2 \
	  || echo 'No Python 3.11 or later runs here: install one' >&2; \
	exit 1

.venv/.uv: requirements/uv.txt .venv/bin/python
	@echo 'Setting up .venv'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement $<
	@touch $@

# An install and no sync: what .venv/.dev added stays. Bytecode now, or the first run of each program would pay for it.
.venv/.synth: requirements/synth.txt .venv/.uv
	@$(UV) pip install --quiet --python $(PYTHON) --compile-bytecode --require-hashes --requirements $<
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.synth
	@echo 'Setting up .venv for lint, test and build'
	@$(UV) pip sync --quiet --python $(PYTHON) --compile-bytecode --require-hashes $<
	@touch $@

# The emulator's environment. A function runs on the emulator's own Python: it is Lambda's.
.local/emulator/.ready: requirements/local.txt | .venv/.uv
	@echo 'Setting up .local/emulator'
	@mkdir -p .local
	@$(UV) venv --quiet --clear --python "$$(PYENV_VERSION=3.13 python3.13 -c 'import sys; print(sys.executable)' \
	  2>/dev/null || echo 3.13)" .local/emulator
	@$(UV) pip install --quiet --python .local/emulator/bin/python --compile-bytecode --require-hashes --requirements $<
	@touch $@

# The scanners' environments, each of which excludes another's packages.
.local/audit/%/.ready: requirements/%.txt | .venv/.uv
	@echo 'Setting up .local/audit/$*'
	@mkdir -p .local/audit
	@$(UV) venv --quiet --clear --python $(PYTHON) .local/audit/$*
	@$(UV) pip install --quiet --python .local/audit/$*/bin/python --compile-bytecode --require-hashes --requirements $<
	@touch $@

# npm's own scripts say `env node`.
.local/audit/node/.ready: audit/package-lock.json | .local/audit/scanners/.ready
	@echo 'Setting up .local/audit/node'
	@mkdir -p .local/audit/node
	@cp audit/package.json audit/package-lock.json .local/audit/node
	@cd .local/audit/node && PATH="../scanners/bin:$$PATH" npm ci --ignore-scripts --silent
	@touch $@

# Without UPGRADE=1, versions stay where the .in files allow. synth's are among dev's, so that one .venv serves both.
COMPILE = $(UV) pip compile --quiet --generate-hashes --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)
lock: .venv/.uv .local/audit/scanners/.ready  ## Make the locks again out of their .in files (UPGRADE=1: with the newest versions)
	@$(COMPILE) --universal --python-version 3.11 requirements/uv.in --output-file requirements/uv.txt
	@$(COMPILE) --universal --python-version 3.11 requirements/dev.in --output-file requirements/dev.txt
	@$(COMPILE) --universal --python-version 3.11 requirements/synth.in --constraints requirements/dev.txt \
	  --output-file requirements/synth.txt
	@$(COMPILE) --universal --python-version 3.13 requirements/local.in --output-file requirements/local.txt
	@$(COMPILE) --universal --python-version 3.11 requirements/checkov.in --output-file requirements/checkov.txt
	@$(COMPILE) --universal --python-version 3.11 requirements/scanners.in --output-file requirements/scanners.txt
	@cd audit && PATH="../.local/audit/scanners/bin:$$PATH" npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --silent
	@$(COMPILE) --python-platform x86_64-manylinux2014 --python-version 3.13 functions/db_init/requirements.in \
	  --output-file functions/db_init/requirements.txt
	@$(COMPILE) --universal --python-version 3.13 --overrides mlflow_container/overrides.txt \
	  mlflow_container/requirements.in --output-file mlflow_container/requirements.txt
