# `make run` and `make test` need Python 3.11 or newer and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-spark lint lock clean

run: .venv/ready
	@test -f data/customers.csv || $(BIN)/python -m targeting.sample .
	$(BIN)/targeting run

# A file of tests goes to whichever core is free; more than four need more memory than a laptop has.
test: .venv/ready
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

.venv/ready: pyproject.toml .venv/locked
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# stockpyl, with which the tests compare the stock formulas, and the little of what it asks for that it needs.
.venv-stockpyl/ready: requirements-stockpyl.lock
	$(PYTHON) -m venv .venv-stockpyl
	.venv-stockpyl/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements-stockpyl.lock
	@touch $@

# Apache Spark and what it asks for, beside the locked environment (needs Java 17 to run). It comes as source.
.venv-spark/ready: requirements-spark.lock .venv/ready
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock
	echo "$(CURDIR)/$$(ls -d $(BIN)/../lib/python3*/site-packages)" > $$(ls -d .venv-spark/lib/python3*/site-packages)/beside.pth
	echo "$(CURDIR)" >> $$(ls -d .venv-spark/lib/python3*/site-packages)/beside.pth
	@touch $@

test-spark: .venv-spark/ready
	.venv-spark/bin/python -m pytest tests/spark

# Rewrites the lock files, for every platform and Python from 3.11 on (needs uv).
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group test --group dev --output-file requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --group spark --output-file requirements-spark.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-deps --group stockpyl --output-file requirements-stockpyl.lock

clean:
	rm -rf .venv .venv-stockpyl .venv-spark out data
