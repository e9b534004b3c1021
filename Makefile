# Two commands carry the project: `make demo` and `make test`. Both set up everything they need from nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: demo test quick bench torture lint docs lock proto clean browser
.DEFAULT_GOAL := help

help:
	@echo "make demo   load 10,000 simulated billing accounts into a simulated Salesforce org, and watch"
	@echo "make test   set up from nothing and pass every test"
	@echo "make quick  the tests that need no other people's programs and kill nothing"
	@echo "make bench  measure the load beside a plain script on simple-salesforce, then ongoing synchronisation and the gateway"
	@echo "make torture  real processes under random faults for MINUTES=5; prints its seed, faults and violations"
	@echo "make lint   format, lint, types, import contracts"
	@echo "make docs   build the documentation"
	@echo "make lock   resolve the dependencies anew into hashed requirements"
	@echo "make proto  generate the code of the Pub/Sub API from its definition"

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (set PYTHON=...)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the dependencies (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/salesbridge demo

test: $(STAMP) lint
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

quick: $(STAMP)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not slow"

bench: $(STAMP)
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.live
	@$(BIN)/python -m bench.edge

lint: $(STAMP)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports > $(VENV)/imports.log || (cat $(VENV)/imports.log; exit 1)

docs: $(STAMP)
	@$(BIN)/sphinx-build -q -W -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

MINUTES ?= 5
torture: $(STAMP)
	@PYTHONPATH=tests/support $(BIN)/python -m torture --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

lock: $(STAMP)
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group test --group lint --group docs -o requirements/dev.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/run.txt

proto: $(STAMP)
	@cd src && ../$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. salesbridge/protocols/pubsub_api.proto

clean:
	@rm -rf $(VENV) .salesbridge .pytest_cache .mypy_cache .ruff_cache .hypothesis docs/_build .node
