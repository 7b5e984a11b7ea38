# Everything that a newcomer or CI types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# More arguments for pip, e.g. an index that has CPU builds of torch.
PIP_ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
PEERS := .venv-bench/.installed
# The fuzzer wants another jsonschema-rs than langgraph-cli, so it lives by itself.
FUZZER := .venv-fuzz/.installed
FUZZ_CASES ?= 5000
# How many processes run tests side by side.
TEST_PROCESSES ?= 2
# More arguments for the comparison with others, e.g. --documents 2000 --turns 3.
BENCH_ARGS ?=
# The same for the speed of retrieval, e.g. --chunks 100000 --turns 3.
RETRIEVAL_BENCH_ARGS ?=
PACKAGES := kb_contract dagster_kb graph kb
KILLS := $(addprefix tests/integration/test_,writer_crashes.py server_recovery.py embedded_stack.py)

.PHONY: help
help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(INSTALLED): pyproject.toml constraints.txt
	@tools/make_venv "$(PYTHON)"
	$(BIN)/pip install --quiet $(PIP_ARGS) --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(PEERS): benchmarks/ingest_peers/requirements.txt
	"$(PYTHON)" -m venv .venv-bench
	.venv-bench/bin/pip install --quiet $(PIP_ARGS) --requirement $<
	@touch $@

$(FUZZER): tests/fuzz-requirements.txt
	"$(PYTHON)" -m venv .venv-fuzz
	.venv-fuzz/bin/pip install --quiet $(PIP_ARGS) --requirement $<
	@touch $@

.PHONY: setup
setup: $(INSTALLED) ## Make .venv and install everything into it

.PHONY: run
run: $(INSTALLED) ## Start the whole stack, ingest knowledge/, ask a question that needs an approval
	$(BIN)/kb demo

.PHONY: check
check: $(INSTALLED) ## Format, lint, types, import contracts, sizes, duplicates
	@$(MAKE) --no-print-directory --jobs 2 --output-sync types style

# Each takes minutes of one core, so they run side by side.
.PHONY: types
types: $(INSTALLED) ## Of `make check`: the types
	$(BIN)/basedpyright

.PHONY: style
style: $(INSTALLED) ## Of `make check`: the rest
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pylint --disable=all --enable=duplicate-code --min-similarity-lines=10 --ignore-imports=y $(PACKAGES)
	$(BIN)/pytest -q tests/architecture

.PHONY: test
test: $(INSTALLED) $(FUZZER) ## Every test, on real parts
	@tools/install_browser
	@$(BIN)/python -m tests.doubles.qdrant_program
	@$(BIN)/python -m compileall -q $(PACKAGES) tests
	$(BIN)/pytest --numprocesses $(TEST_PROCESSES) --no-loadscope-reorder

.PHONY: full
full: $(INSTALLED) ## The rest of the matrices, of which `make test` takes one case each
	@tools/install_browser
	@$(BIN)/python -m tests.doubles.qdrant_program
	$(BIN)/pytest --full -m full

.PHONY: chaos
chaos: $(INSTALLED) ## The fault-injection suite with its table
	$(BIN)/pytest -q --full --fault-table tests/chaos $(KILLS)

.PHONY: fuzz
fuzz: $(INSTALLED) $(FUZZER) ## Thousands of odd requests at every route of the API; FUZZ_CASES=200 for a few
	FUZZ_CASES=$(FUZZ_CASES) $(BIN)/pytest -q -s --timeout 3600 tests/integration/test_api_fuzz.py

.PHONY: bench
bench: $(INSTALLED) $(PEERS) ## The benchmarks that the docs quote, beside others' ingestion and retrieval
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.ingest_peers $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.retrieval $(RETRIEVAL_BENCH_ARGS)

.PHONY: format
format: $(INSTALLED) ## Write code as `make check` wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: docs
docs: $(INSTALLED) ## Write what the code says of itself: settings, routes, the graph's picture
	$(BIN)/python -m kb.generated_docs

.PHONY: constraints
constraints: ## Resolve every dependency anew into constraints.txt
	tools/resolve_constraints "$(PYTHON)"

.PHONY: down
down: ## Stop the stack
	$(BIN)/kb down

.PHONY: clean
clean: ## Stop the stack and remove what it kept
	-$(BIN)/kb down
	rm -rf .kb .pytest_cache .ruff_cache .import_linter_cache
