# Every command of the repository. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run serve test check sim bench conformance interop format clean

DATA ?= .data/default
LISTEN ?= http://127.0.0.1:2379
ARGS ?=

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  DATA=$(DATA) and LISTEN=$(LISTEN) choose where run and serve keep data and listen;"
	@echo "  ARGS='--flag …' goes to the program that run, serve and bench start."

run: DATA = .data/cluster
run: ## Build and start everything: the store on 127.0.0.1:2379, the API server on port 6443, this machine as a node
	@scripts/run '$(DATA)' '$(LISTEN)' $(ARGS)

serve: ## Build and start the store alone
	@scripts/serve '$(DATA)' '$(LISTEN)' $(ARGS)

test: ## Run every test: units, then real clients against a real server
	@scripts/test

check: ## Format, lint, tidy rules, a build without warnings, every test
	@scripts/check

sim: ## Simulate clusters: SEED=N replays one, SEEDS=N runs many (FIRST=N: from there on)
	@scripts/sim $(if $(SEED),--seed $(SEED) --trace sim-$(SEED).trace,--seeds $(or $(SEEDS),500) --first $(or $(FIRST),1)) $(ARGS)

bench: ## Measure an embedded member (ARGS='--help' lists the options)
	@scripts/bench $(ARGS)

conformance: ## Run a Kubernetes e2e binary: E2E=/path/to/e2e.test (FOCUS, SKIP: which tests; NODES)
	@E2E='$(E2E)' $(if $(FOCUS),FOCUS='$(FOCUS)') $(if $(SKIP),SKIP='$(SKIP)') $(if $(NODES),NODES='$(NODES)') scripts/conformance

interop: ## Run our components at a stock API server: STOCK=/path/to/kube-apiserver (STORE=etcd; NODES)
	@STOCK='$(STOCK)' $(if $(STORE),STORE='$(STORE)') $(if $(NODES),NODES='$(NODES)') scripts/interop

format: ## Rewrite the sources in the repository's format
	swift format --in-place --recursive --parallel Package.swift Sources Tests

clean: ## Remove build output (data folders and .venv stay)
	rm -rf .build .build-*
