# Everything runs from the project's own environment in .venv; the first target that needs it makes it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= demo
PERSONS ?= 20000
# City and night of the demo: a year of claims, read on the morning after its last day.
DEMO_AS_OF := 2025-01-01

export PREFECT_LOGGING_LEVEL ?= WARNING

.PHONY: install demo test test-slow notebooks lint bench lock clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	touch $@

