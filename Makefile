# `make help` lists the targets. Each target installs what it needs by itself. Nothing outside the checkout changes, except
# the caches of Go and pip.

PYTHON ?= python3
ARGS ?=
VERSION ?=

venv := .venv/bin/python
pip := $(venv) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE :=
# The caches of Go and pip are under HOME; without a HOME they are under .cache/.
ifeq ($(HOME),)
export HOME := $(CURDIR)/.cache/home
endif

# Prerequisites are made in the order written, so that missing programs are named before anything is built.
.NOTPARALLEL:

.PHONY: setup
setup: .venv/run.stamp ## Install what the demo needs: the venv and the pinned helm, registry, crane and kustomize.
	@$(venv) tools/build.py helm registry crane kustomize

.PHONY: demo
demo: setup ## Ship a tiny image through every step on this machine, and show what runs where.
	@$(venv) -m tools.demo $(ARGS)

.PHONY: run
run: setup ## Run the demo, and keep its ledger and board open until Ctrl-C.
	@$(venv) -m tools.demo --keep $(ARGS)

.PHONY: test
test: setup .venv/dev.stamp ## Run the tests that take less than a second; ARGS=--all runs all, ARGS="-k name" some.
	@$(venv) tools/build.py pod-security gitlab-client flux-oci cosign-verify promtool
	@$(venv) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

.PHONY: coverage
coverage: ARGS := --all --cov=scripts --cov=service --cov-report=term:skip-covered --cov-report=xml
coverage: test ## Run all tests and write coverage.xml.

.PHONY: cluster
cluster: needs-cluster cluster-parts ## Start a real Kubernetes node with Flux, a registry and a forge. Needs root.
	@$(venv) -m tools.cluster up

.PHONY: cluster-down
cluster-down: ## Stop the cluster, and remove every process, mount, interface and control group of it.
	@$(PYTHON) -m tools.cluster down

.PHONY: e2e
e2e: needs-e2e cluster-parts .venv/dev.stamp ## Run the end-to-end tests on real clusters. Needs root; the logs are in .cluster/.
	@$(venv) -m tools.image build ledger
	@$(venv) -m tools.e2e $(ARGS)

.PHONY: events
events: setup ## Copy the Flux events that the last `make e2e` received into the tests.
	@$(venv) -m tools.cluster.events

.PHONY: cluster-parts
cluster-parts: setup
	@$(venv) tools/build.py etcd kubernetes coredns flux gitea
	@$(venv) -m tools.cluster.parts

.PHONY: databases
databases: needs-databases setup .venv/dev.stamp ## Run the ledger's tests on PostgreSQL behind PgBouncer, in each of its modes.
	@for mode in session transaction; do WAYBILL_POOLER=$$mode $(venv) -m pytest -m postgres tests/service $(ARGS) || exit; done

.PHONY: torture
torture: setup .venv/dev.stamp ## Run the crash and load tests at full size.
	@WAYBILL_TORTURE=1 $(venv) -m pytest -m torture $(ARGS)

.PHONY: bench
bench: needs-bench setup .venv/bench.stamp ## Compare the ledger's speed with two peers, or with ARGS=ship the speed of `waybill ship` with bare commands.
	@$(venv) -m bench $(ARGS)

.PHONY: lint
lint: .venv/dev.stamp ## Check style, types, YAML, workflows, shell scripts, the Containerfile and the chart.
	@$(venv) tools/build.py actionlint helm
	@$(venv) tools/lint.py

.PHONY: generate
generate: setup .venv/dev.stamp ## Write every generated file again; ARGS=--check only says which are out of date.
	@$(venv) -m tools.generate $(ARGS)

.PHONY: install
install: install-alone ## Install the command `waybill` into .venv, and helm and kustomize. In a GitHub workflow they are then on PATH.
	@$(venv) tools/build.py helm kustomize

.PHONY: install-alone
install-alone: .venv/tool.stamp ## Install the command `waybill` alone, for those that only ask the ledger.
	@$(pip) requirements/build.txt
	@$(pip) requirements/sign.txt
	@$(pip) requirements/keyless.txt
	@$(venv) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .
	@$(venv) -m pip check --disable-pip-version-check
	@[ -z "$$GITHUB_PATH" ] || printf '%s\n' "$(CURDIR)/.tools/bin" "$(CURDIR)/.venv/bin" >>"$$GITHUB_PATH"

# For the actions, whose cache takes a path without `..`, and hashes only files of the repository that uses them.
.PHONY: installation
installation: ## Say where `make install` keeps what it builds, and a key that changes with it, as outputs of a workflow's step.
	@printf 'folder=%s\nkey=%s\n' "$(CURDIR)/.tools" "$$(cat tools/build.py tools/go/helm/go.* tools/go/kustomize/go.* | sha256sum | cut -c 1-40)" >>"$${GITHUB_OUTPUT:-/dev/stdout}"

.PHONY: image
image: needs-image setup .venv/dev.stamp ## Build the images of the ledger and of the release tool with buildah, and test them.
	@$(venv) tools/build.py helm kustomize registry
	@$(venv) -m tools.image build ledger tool
	@WAYBILL_IMAGE=localhost/waybill $(venv) -m pytest tests/image

.PHONY: publish-image
publish-image: image ## Push the ledger's image to ARGS="ghcr.io/acme/waybill", and print REPOSITORY@DIGEST.
	@$(venv) -m tools.image push $(ARGS)

.PHONY: publish-images
publish-images: export VERSION := $(VERSION)
publish-images: image ## Push both images, the tool's to REPOSITORY-tool: ARGS="REPOSITORY FILE"; with VERSION=1.2.3 they have it as a tag, too.
	@$(venv) -m tools.image publish $(ARGS) $(VERSION)

.PHONY: version
version: .venv/dev.stamp ## Say of which version of Waybill ARGS="v1.2.3" is the tag, as an output of a workflow's step; a branch is of none.
	@$(venv) -m tools.release version $(ARGS)

.PHONY: dist
dist: .venv/dev.stamp ## Build the source distribution and the wheel of HEAD into dist/, twice, and see that both builds are equal.
	@$(venv) -m tools.release dist

.PHONY: action-tag
action-tag: .venv/dev.stamp ## Let the tag v1 be HEAD, where ARGS="1.2.3" is the highest release of it.
	@$(venv) -m tools.release action-tag $(ARGS)

.PHONY: chart-difference
chart-difference: setup ## Show what changed in the rendered chart since a commit: ARGS="origin/main difference.md".
	@$(venv) -m tools.chart_difference $(ARGS)

.PHONY: lock
lock: .venv/dev.stamp ## Write the lock files in requirements/ again; ARGS=--upgrade takes newer versions.
	@$(venv) -m tools.locks write $(ARGS)

.PHONY: locks
locks: .venv/dev.stamp ## Check each lock file: install it into a fresh venv, and see that nothing is missing.
	@$(venv) -m tools.locks check

.PHONY: audit
audit: .venv/audit.stamp ## Look for known vulnerabilities in the locked packages and Go tools.
	@$(venv) tools/build.py govulncheck
	@$(venv) -m tools.audit $(ARGS)

# The programs that a target needs from the system.
needs-%:
	@$(PYTHON) tools/prerequisites.py $*

.PHONY: clean
clean: ## Remove everything that the targets made in the checkout.
	@[ ! -e .cluster ] || $(PYTHON) -m tools.cluster down
	rm -rf .venv .tools .cluster .demo .cache .waybill dist .pytest_cache .ruff_cache .mypy_cache .hypothesis

.PHONY: help
help: ## List the targets.
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | while IFS="	" read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

# When a lock changes, the venv is made again: `pip check` would complain about packages of the older lock.
.venv/tool.stamp: $(wildcard requirements/*.txt) | needs-setup
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	@[ ! -L .venv ] || { echo ".venv is a symbolic link, and making it anew would empty the folder behind it: rm .venv"; exit 1; }
	@echo "installing the packages of the release tool"
	@$(PYTHON) -m venv --clear .venv
	@$(pip) requirements/tool.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/run.stamp: requirements/run.txt .venv/tool.stamp
	@echo "installing the packages of the ledger"
	@$(pip) requirements/run.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/dev.stamp: requirements/dev.txt requirements/sign.txt requirements/keyless.txt .venv/run.stamp
	@echo "installing the packages of the tests and linters"
	@$(pip) requirements/dev.txt
	@$(pip) requirements/sign.txt
	@$(pip) requirements/keyless.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/bench.stamp: requirements/bench.txt .venv/dev.stamp
	@echo "installing the packages of the measurements"
	@$(pip) requirements/bench.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/audit.stamp: requirements/audit.txt .venv/run.stamp
	@echo "installing the packages of the audit"
	@$(pip) requirements/audit.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@
