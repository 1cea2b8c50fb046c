# The parts of the gate, one at a time. `make gate` is what CI runs: .ci/run.
.DEFAULT_GOAL := check
.PHONY: install lock hooks lint format types contracts generated test check gate foreign deploy browsers site
bin := .venv/bin

install:  ## makes .venv, with what the tests need
	.ci/run --install

lock:  ## requirements.lock again: what fits stays; make lock UPGRADE=--upgrade takes the newest
	$(bin)/python -m pip install --quiet uv
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(bin)/uv pip compile pyproject.toml \
		--extra server --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate $(UPGRADE) --quiet --output-file requirements.lock
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(bin)/uv pip compile .ci/site/requirements.in \
		--universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate $(UPGRADE) --quiet --output-file .ci/site/requirements.lock

hooks:  ## has git run lint, format and types before each commit
	$(bin)/pre-commit install

lint:
	$(bin)/ruff check .
	$(bin)/ruff format --check .

format:  ## mends what can be mended by itself
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

types:
	$(bin)/mypy

contracts:  ## which module may import which
	$(bin)/lint-imports --no-cache

generated:  ## writes what is generated from the bodies, the routes and the law
	$(bin)/python -m tests.support.generated

test:  ## all but what takes longest: a quarter of an hour. Some: make test TESTS=tests/unit
	$(bin)/pytest -n 2 --dist loadscope $(TESTS)

check: lint types contracts test

gate:
	.ci/run

foreign:
	.ci/run --foreign

deploy:
	.ci/run --deploy

browsers:
	.ci/run --browsers

site:  ## docs/ as a site, in build/site, and its tests
	.ci/run --site
