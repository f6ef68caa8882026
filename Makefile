# `make help` lists what there is. Each target sets up by itself what it needs; nothing outside the checkout changes
# but the caches of Go and pip.

PYTHON ?= python3
ARGS ?=

venv := .venv/bin/python
pip := $(venv) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE :=
# Go and pip keep their caches under HOME; without one they get a place of their own.
ifeq ($(HOME),)
export HOME := $(CURDIR)/.cache/home
endif

# In the order in which they are written, so that what is missing is named before anything is built.
.NOTPARALLEL:

.PHONY: setup
setup: .venv/run.stamp ## Prepare what the demo needs: the venv and the pinned helm, registry, crane and kustomize.
	@$(venv) tools/build.py helm registry crane kustomize

.PHONY: demo
demo: setup ## Ship a tiny image through every step, on loopback, and show what runs where.
	@$(venv) -m tools.demo $(ARGS)

.PHONY: run
run: setup ## Do the demo and keep the ledger and its board open until Ctrl-C.
	@$(venv) -m tools.demo --keep $(ARGS)

.PHONY: test
test: setup .venv/dev.stamp ## Run the tests; ARGS="-k name" chooses.
	@$(venv) tools/build.py pod-security
	@$(venv) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

.PHONY: coverage
coverage: ARGS := --cov=scripts --cov=service --cov-report=term:skip-covered --cov-report=xml
coverage: test ## Run the tests and write coverage.xml.

.PHONY: cluster
cluster: needs-cluster cluster-parts ## Bring up a real Kubernetes node with Flux, a registry and a forge, and leave it. Needs root.
	@$(venv) -m tools.cluster up

.PHONY: cluster-down
cluster-down: ## End it, with every process, mount, interface and control group that it made.
	@$(PYTHON) -m tools.cluster down

.PHONY: e2e
e2e: needs-e2e cluster-parts .venv/dev.stamp ## Tell the whole story on a real cluster. Needs root; logs lie in .cluster/.
	@$(venv) -m tools.image build
	@$(venv) -m tools.cluster run $(venv) -m pytest --verbose --durations=6 --exitfirst tests/e2e $(ARGS)

.PHONY: events
events: setup ## Keep the events of Flux that the last `make e2e` received, for the tests to read.
	@$(venv) -m tools.cluster.events

.PHONY: cluster-parts
cluster-parts: setup
	@$(venv) tools/build.py etcd kubernetes coredns flux gitea
	@$(venv) -m tools.cluster.parts

.PHONY: torture
torture: setup .venv/dev.stamp ## Run the crash and load tests at full size.
	@WAYBILL_TORTURE=1 $(venv) -m pytest -m torture $(ARGS)

.PHONY: bench
bench: needs-bench setup .venv/bench.stamp ## Measure the ledger beside a constant handler and two peers, or, with ARGS=ship, ship beside bare commands.
	@$(venv) -m bench $(ARGS)

.PHONY: lint
lint: .venv/dev.stamp ## Check style, types, YAML, workflows, shell and the Containerfile.
	@$(venv) tools/build.py actionlint helm
	@$(venv) tools/lint.py

.PHONY: generate
generate: setup .venv/dev.stamp ## Write again every file that is made from others; ARGS=--check fails when one is behind.
	@$(venv) -m tools.generate $(ARGS)

.PHONY: install
install: .venv/run.stamp ## Install the command `waybill` into .venv; in a workflow it is then on PATH, with its helm.
	@$(venv) tools/build.py helm kustomize
	@$(pip) requirements/build.txt
	@$(venv) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation .
	@$(venv) -m pip check --disable-pip-version-check
	@[ -z "$$GITHUB_PATH" ] || printf '%s\n' "$(CURDIR)/.tools/bin" "$(CURDIR)/.venv/bin" >>"$$GITHUB_PATH"

.PHONY: image
image: needs-image setup .venv/dev.stamp ## Build the ledger's image with buildah, start it and ask it.
	@$(venv) -m tools.image build
	@WAYBILL_IMAGE=localhost/waybill $(venv) -m pytest tests/image

.PHONY: publish-image
publish-image: image ## Push the image: ARGS="ghcr.io/acme/waybill"; prints REPOSITORY@DIGEST.
	@$(venv) -m tools.image push $(ARGS)

.PHONY: chart-difference
chart-difference: setup ## Say what a commit changes in the rendered chart: ARGS="origin/main difference.md".
	@$(venv) -m tools.chart_difference $(ARGS)

.PHONY: lock
lock: .venv/dev.stamp ## Write the hashed requirements again; ARGS=--upgrade takes newer versions.
	@$(venv) -m tools.locks write $(ARGS)

.PHONY: locks
locks: .venv/dev.stamp ## Install each lock into a fresh venv, and check that nothing is missing from it.
	@$(venv) -m tools.locks check

.PHONY: audit
audit: .venv/audit.stamp ## Look for known vulnerabilities in what is locked; ARGS="run helm" chooses.
	@$(venv) tools/build.py govulncheck
	@$(venv) -m tools.audit $(ARGS)

# Programs of the system that a target needs; one file says which.
needs-%:
	@$(PYTHON) tools/prerequisites.py $*

.PHONY: clean
clean: ## Remove everything that these targets made in the checkout.
	@[ ! -e .cluster ] || $(PYTHON) -m tools.cluster down
	rm -rf .venv .tools .cluster .demo .cache .waybill dist .pytest_cache .ruff_cache .mypy_cache .hypothesis

.PHONY: help
help: ## List the targets.
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | while IFS="	" read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

# A lock that changes makes the venv anew: `pip check` would complain of what an older one left there.
.venv/run.stamp: $(wildcard requirements/*.txt) | needs-setup
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	@echo "installing what Waybill runs on"
	@$(PYTHON) -m venv --clear .venv
	@$(pip) requirements/run.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "installing what the tests and linters need"
	@$(pip) requirements/dev.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/bench.stamp: requirements/bench.txt .venv/run.stamp
	@echo "installing what the measurements need"
	@$(pip) requirements/bench.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@

.venv/audit.stamp: requirements/audit.txt .venv/run.stamp
	@echo "installing what looks for vulnerabilities"
	@$(pip) requirements/audit.txt
	@$(venv) -m pip check --disable-pip-version-check
	@touch $@
