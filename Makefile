# Every target sets up what it needs; only Python 3.11 or newer, git and make must be there.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
LOCKS := requirements/uv.txt requirements/dev.txt
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
PYTEST := $(BIN)/python -m pytest -n 8 --dist worksteal -q
LONG := tests/e2e tests/torture tests/fuzz tests/engine tests/bot/media tests/sandbox/web tests/test_files.py
FAST := tests/bot tests/sandbox tests/test_house.py --ignore=tests/bot/life --ignore=tests/sandbox/web
# The longest first; all of the store, moving a bot, and those lives that ask most of it: money, crashes, deliveries,
# decisions, and random ones. The others ask the same of it for other cards: ARGS="tests/bot" runs them too.
POSTGRES := tests/e2e/test_workers.py tests/e2e/test_rolling.py tests/bot/life/model tests/bot/store tests/bot/peers \
	tests/bot/jobs/leading tests/bot/console/test_moving.py $(addprefix tests/bot/life/, jobs provider delivery \
	database reports shards moderators/test_settling.py operator/test_doctor.py operator/test_looking_after.py)
WEIGHTS := data/weights/pose_landmark_full.tflite
ARGS ?=
ENGINE ?=

# Where Python may not keep what it compiles, each of the many processes compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo playground pictures engine run test test-long test-fast test-postgres torture fuzz mutants bench check format lock sbom conformance words clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) $(WEIGHTS) ## make .venv from the hash-locked dependencies, fetch the engine's weights

$(READY): $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Marionette needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	@touch $@

$(WEIGHTS): | $(READY)
	$(BIN)/python -m engine weights

demo: $(READY) $(WEIGHTS) ## the whole thing on this machine, without any account: two finished videos in data/demo
	$(BIN)/python -m sandbox.programs.demo $(ARGS)

playground: $(READY) $(WEIGHTS) ## the bot on this machine in your browser, without any account; ARGS="--port 8081"
	$(BIN)/python -m sandbox.programs.playground $(ARGS)

pictures: $(READY) $(WEIGHTS) ## the pictures of the README and the docs, taken anew from the running bot (needs Chromium)
	$(BIN)/python -m sandbox.programs.pictures $(ARGS)

engine: $(READY) $(WEIGHTS) ## the offline engine behind the provider's API; ARGS="--port 8090"
	$(BIN)/python -m engine $(ARGS)

run: $(READY) $(if $(filter local,$(ENGINE)),$(WEIGHTS)) ## the bot on the real services, with your .env; ENGINE=local: with the engine
	$(if $(filter local,$(ENGINE)),$(BIN)/python -m engine --beside) $(BIN)/python -m bot run

test: $(READY) $(WEIGHTS) ## the tests; ARGS="tests/bot -k ledger" for some
	$(PYTEST) $(or $(ARGS),$(LONG:%=--ignore=%))

test-long: $(READY) $(WEIGHTS) ## what takes longest: whole worlds as processes, in browsers too, the engine, files of all kinds
	$(PYTEST) $(or $(ARGS),$(LONG))

test-fast: $(READY) ## what needs no processes, no browser and no engine: while you write code
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m "not slow and not conformance" $(FAST) $(ARGS)

test-postgres: $(READY) $(WEIGHTS) ## what asks the database, on a PostgreSQL of its own from the system's packages
	$(BIN)/python -m tests.postgres -n 8 --dist worksteal -q $(or $(ARGS),$(POSTGRES))

torture: $(READY) ## kill the bot everywhere and count; ARGS="--jobs 300 --kills 100 --fault-rate 0.1 --postgres --processes 3"
	$(BIN)/python -m tests.torture $(ARGS)

fuzz: $(READY) ## spoiled files, requests and answers by the thousand; ARGS="--files 10000 --requests 10000 --seed N"
	$(BIN)/python -m tests.fuzz $(ARGS)

mutants: $(READY) ## break each rule alone, in a copy, and see which tests notice; ARGS="nonce hold"
	$(BIN)/python -m tests.mutants $(ARGS)

bench: $(READY) ## the bot under load beside two bare ones: writes docs/performance.md; ARGS="--quick", ARGS="--only processes"
	$(BIN)/python -m bench.load $(ARGS)

check: $(READY) ## everything CI asks for: format, lint, types, import contracts, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test
	$(MAKE) test-postgres
	$(MAKE) test-long

format: $(READY) ## format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

words: $(READY) ## renew the catalogues of all languages from the code's sentences
	$(BIN)/python -m tests.words

conformance: $(READY) .conformance/disnake/.ready .conformance/nextcord/.ready ## disnake and nextcord against the sandbox's Discord
	$(BIN)/python -m pytest -q -m conformance tests/conformance $(ARGS)

# The lock says what may be installed, and also what may build a source archive.
.conformance/%/.ready: requirements/conformance-%.txt | $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(@D)
	$(BIN)/uv pip sync --quiet --python $(@D)/bin/python --require-hashes --build-constraints $< $<
	@touch $@

lock: $(READY) ## resolve the dependencies anew and lock them with hashes
	$(COMPILE) $(ARGS) pyproject.toml -o requirements/run.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra engine -o requirements/engine.txt
	$(COMPILE) $(ARGS) pyproject.toml --extra engine --extra sandbox --group dev -o requirements/dev.txt
	$(COMPILE) $(ARGS) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) $(ARGS) requirements/conformance-disnake.in -o requirements/conformance-disnake.txt
	$(COMPILE) $(ARGS) requirements/conformance-nextcord.in -o requirements/conformance-nextcord.txt

sbom: $(READY) ## what the bot runs on, with hashes and licences: data/sbom.json and data/licences
	$(BIN)/python requirements/sbom.py data

clean: ## remove what set-up and the tests left
	rm -rf .venv .conformance .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
