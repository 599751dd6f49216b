# Everything runs from the project's own environment in .venv; the first target that needs it makes it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PERSONS ?= 20000
WORKERS ?= 2
# What the default lock holds beside the product; Spark has a lock of its own.
EXTRAS := console dev postgresql
# The demo's city has a year of claims and is read on the morning after its last day.
AS_OF := 2025-01-01

.PHONY: install demo demo-console test test-slow test-spark notebooks format lint audit mutation bench soak night-cost docs lock clean

install: $(STAMP)

# The lock names every package with its hash, so pip has nothing to resolve; all cores compile what it unpacks, pip would
# use one. Some packages carry templates that are no Python.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fundguard needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --no-compile --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m compileall -qq -j 0 $(VENV) || true
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	touch $@

# A synthetic city, the main job on it, and the first of the suspects.
demo: export PREFECT_HOME := $(CURDIR)/demo/prefect
demo: install
	rm -rf demo
	mkdir -p demo/prefect
	$(BIN)/fundguard simulate --out demo/city --persons $(PERSONS)
	$(BIN)/fundguard run demo/city/input --store demo/store --as-of $(AS_OF)
	@$(BIN)/python -m reports.preview demo/store/runs/$(AS_OF)

# The investigators' console on the demo's data, with three sample users; asks for their password unless
# FUNDGUARD_CONSOLE_PASSWORD holds it.
demo-console: install
	@test -d demo/store/runs/$(AS_OF) || $(MAKE) demo
	$(BIN)/fundguard console --store demo/store --sample-users

# Each worker has a core; threads of linear algebra would only wait for each other. Tests of a file share what they set
# up, so they stay together, in the order that `tests/conftest.py` gives.
test: install
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not spark" -n $(WORKERS) --dist loadfile \
		--no-loadscope-reorder

test-slow: install
	$(BIN)/python -m pytest -m slow

# Every statement of the tests of features asked of DuckDB and of Spark, and a small city measured and run on both.
# Skipped where there is no Java.
test-spark: install
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --require-hashes --requirement requirements-spark.lock
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --spark -m "not slow" tests/features tests/spark

notebooks: install
	$(BIN)/python -m pytest -m slow tests/test_notebooks.py

# Mutants of models, graphs, comparison and the engine of rules that no test kills; takes hours. A part of them:
# `make mutation MUTANTS="models.fusion*"`.
mutation: install
	OPENBLAS_NUM_THREADS=1 $(BIN)/mutmut run --max-children $(WORKERS) $(MUTANTS)

# Order of imports and line breaks, as `make lint` wants them.
format: install
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .

# Style, types and unused code; all of it in CI.
lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/vulture

# Known holes in the packages of the lock; asks PyPI's advisory database.
audit: install
	$(BIN)/python -m pip_audit --requirement requirements.lock --no-deps --disable-pip --progress-spinner off

# How well the demo's run finds what its city hides, and the lists in cities nobody tuned on: of our own, blind ones, and
# those of the generator OTHER_CITY where one is given; then the kernels of a run against other ways to the same result.
# Takes an hour or more.
bench: install
	@test -d demo/store/runs/$(AS_OF) || $(MAKE) demo
	$(BIN)/python benchmarks/detection.py demo/city demo/store/runs/$(AS_OF)
	$(BIN)/python -m benchmarks.unseen_cities demo/bench $(if $(OTHER_CITY),--generator $(OTHER_CITY))
	$(BIN)/python -m benchmarks.near_limit demo/bench

# A month of nights of a small city: loads, weekly training, drift, a scheme that begins late, two kills. Takes hours.
soak: export PREFECT_HOME := $(CURDIR)/demo/prefect
soak: install
	rm -rf demo/soak
	mkdir -p demo/prefect demo/soak
	$(BIN)/python -m benchmarks.soak demo/soak

# What a night with one day's visits costs against a full run of 20,000 persons. Takes an hour.
night-cost: export PREFECT_HOME := $(CURDIR)/demo/prefect
night-cost: install
	rm -rf demo/night-cost
	mkdir -p demo/prefect demo/night-cost
	$(BIN)/python -m benchmarks.night_cost demo/night-cost

docs: install
	$(BIN)/python docs/generate.py > docs/measures.md
	$(BIN)/python docs/generate_rules.py > docs/rules.md
	$(BIN)/python docs/generate_schemes.py > docs/schemes.md

# Needs uv. Universal: one lock for every platform and Python from 3.11 on; it names no index.
lock:
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(EXTRAS:%=--extra %) \
		--custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	sed -n 's/^spark = \["\(.*\)"\]/\1/p' pyproject.toml | uv pip compile --quiet --universal --generate-hashes \
		--python-version 3.11 --custom-compile-command "make lock" - --output-file requirements-spark.lock

clean:
	rm -rf $(VENV) demo build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
