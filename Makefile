# Development in this checkout; `make dev` after every edit of a compiled module. CONTRIBUTING.md says more.
PYTHON ?= python3
BIN := .venv/bin
export SIMSLAB_DEV := 1

.PHONY: dev test check

# Rewrites the declarations and rebuilds the modules that changed, in place.
dev: $(BIN)/simslab
	$(BIN)/python tools/declarations.py
	$(BIN)/python setup.py --quiet build_ext --inplace

$(BIN)/simslab:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --editable '.[dev]'

test: dev
	$(BIN)/pytest -n 2

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_layers.py tests/test_declarations.py tests/test_leaves.py
