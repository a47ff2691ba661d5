# make up, make preview and make test need Python 3.11 or later and a package index, and nothing else.

STACK ?= test
FORMAT ?= text
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
MUTMUT := .plumbline/mutmut
# The first interpreter that is new enough; PYTHON=... names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

.PHONY: help setup up preview test hooks lint types engine-test engine-up engine-preview engine-destroy deploy bench mutation \
	parity docs lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: $(INSTALLED) ## make .venv and install the locked requirements

$(INSTALLED): requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found; name it with PYTHON=..." >&2; exit 2; }
	@echo "setting up $(VENV) with $(PYTHON) (once per change of the lock)" >&2
	@# Some distributions leave ensurepip out of Python; pip from outside does the same.
	@"$(PYTHON)" -m venv --clear $(VENV) >/dev/null 2>&1 || { "$(PYTHON)" -m venv --clear --without-pip $(VENV) \
		&& "$(PYTHON)" -m pip --python $(BIN)/python install --quiet pip; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

up: $(INSTALLED) ## deploy STACK into an in-process AWS and report what stands
	@$(BIN)/python -m plumbline up $(STACK) --format $(FORMAT)

preview: $(INSTALLED) ## show STACK, its changes since the last up, and its criteria
	@$(BIN)/python -m plumbline preview $(STACK) --format $(FORMAT)

test: lint types $(INSTALLED) ## run everything that CI runs
	@$(BIN)/python -m pytest -n auto --dist loadfile

hooks: $(INSTALLED) ## let git run .pre-commit-config.yaml before each commit
	@$(BIN)/python -m pre_commit install

lint: $(INSTALLED)
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check --quiet .

types: $(INSTALLED)
	@$(BIN)/basedpyright --pythonpath $(BIN)/python

engine-test: $(INSTALLED) ## compare with the real engine (needs the Pulumi CLI, no AWS account)
	@command -v pulumi >/dev/null || { echo "make engine-test needs the Pulumi CLI on PATH" >&2; exit 2; }
	@$(BIN)/python -m pytest -m engine tests/engine

engine-up: $(INSTALLED) ## run the real `pulumi up` for STACK, with OPTIONS, on a sandbox (needs the Pulumi CLI, no AWS account)
	@$(BIN)/python -m plumbline engine up $(STACK) -- $(OPTIONS)

engine-preview: $(INSTALLED) ## the same with `pulumi preview`
	@$(BIN)/python -m plumbline engine preview $(STACK) -- $(OPTIONS)

engine-destroy: $(INSTALLED) ## the same with `pulumi destroy`
	@$(BIN)/python -m plumbline engine destroy $(STACK) -- $(OPTIONS)

deploy: $(INSTALLED) ## run the real `pulumi up` for STACK, with OPTIONS (needs the Pulumi CLI and AWS credentials)
	@command -v pulumi >/dev/null || { echo "make deploy needs the Pulumi CLI on PATH (https://www.pulumi.com/docs/install/)" >&2; exit 2; }
	@$(BIN)/python -m plumbline deploy $(STACK) -- $(OPTIONS)

bench: $(INSTALLED) ## measure previews, ups, rules and packs, as ratios in one run
	@$(BIN)/python -m benchmarks.preview
	@$(BIN)/python -m benchmarks.up
	@$(BIN)/python -m benchmarks.policies
	@$(BIN)/python -m benchmarks.packs
	@$(BIN)/python -m benchmarks.diff

mutation: $(INSTALLED) $(MUTMUT) ## measure how many changes of the least-privilege rules their tests notice (minutes)
	@PYTHONPATH=$(MUTMUT) $(BIN)/python -m tests.policies.mutation

# The operators of mutmut alone, without what its terminal needs, and beside the locked requirements.
$(MUTMUT): $(INSTALLED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $@ mutmut==3.8.1 libcst==1.9.0
	@touch $@

parity: $(INSTALLED) ## measure anew which settings cause the differences between test and prod (minutes)
	@$(BIN)/python -m plumbline compare test prod --measure

docs: $(INSTALLED) ## write the generated parts of docs/ and the SAM template anew
	@$(BIN)/python -m systems.reference
	@$(BIN)/python -m plumbline.reference
	@$(BIN)/python -m plumbline.sandbox.reference
	@$(BIN)/python -m plumbline.environment
	@$(BIN)/python -m plumbline.permissions.guide agentic-prod docs/agentic/permissions.md
	@$(BIN)/python -m policies.reference
	@$(BIN)/python -m tests.policies.faults
	@$(BIN)/python -m plumbline export sam agentic-prod --output systems/agentic/template.yaml

lock: ## resolve all requirement files anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.txt -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements-dev.txt -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate systems/agentic/container/requirements.txt -o systems/agentic/container/requirements.lock

clean: ## remove the environment and all state of rehearsals
	rm -rf $(VENV) .plumbline .hypothesis
