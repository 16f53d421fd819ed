# showctl. `make demo` and `make test` install what they need and say so; everything Python goes into .venv.
.DEFAULT_GOAL := help
.PHONY: help demo test quick accept bench lint lock dev clean

PY := .venv/bin/python
PURE_TESTS := $(wildcard tests/wire tests/show tests/analysis tests/config tests/fixtures tests/test_*.py)
ARGS ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/.runtime ## light in step with a song, on a page in the browser; needs no hardware (ARGS="--seconds 30" and the like)
	@PYTHONDONTWRITEBYTECODE= .venv/bin/showctl demo $(ARGS)

test: .venv/.dev lint ## everything that must hold, with real servers where they can be had: a quarter of an hour (ARGS="-x -k cue" for pytest)
	@bash tools/setup.sh system
	@PYTHONDONTWRITEBYTECODE= $(PY) tools/suite.py $(ARGS)

quick: .venv/.dev ## the pure part alone: seconds
	@$(PY) -m pytest -q --hypothesis-profile=glance -m "not real and not slow" $(PURE_TESTS) $(ARGS)

lint: .venv/.dev ## lint, format and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

accept: .venv/.dev .venv/.bench ## the long one: thorough tests, scores, latency, fuzz and soak; tables in bench/results (half an hour)
	@bash tools/setup.sh system
	@bash tools/accept.sh $(ARGS)

bench: .venv/.dev .venv/.bench ## what each stage costs on this machine; tables in bench/results
	@bash tools/bench.sh

lock: ## new requirements*.lock from pyproject.toml (ARGS="--upgrade" for new versions)
	@bash tools/setup.sh lock $(ARGS)

dev: .venv/.dev ## only the .venv for working on showctl

clean: ## removes .venv and what tools left behind
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.runtime: requirements.lock tools/setup.sh
	@bash tools/setup.sh runtime

.venv/.dev: requirements-dev.lock tools/setup.sh
	@bash tools/setup.sh dev

.venv/.bench: requirements-bench.lock tools/setup.sh
	@bash tools/setup.sh bench
