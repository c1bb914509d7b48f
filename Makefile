# Bare `make` proves a change: generate, lint, build, test, and no file changed.
# Everything is set up on the way; nothing but Go, Python, Node and make is
# expected of the machine.

PYTHON ?= python3
VENV   := predictor/.venv
PY     := $(VENV)/bin/python
BUF    := node_modules/.bin/buf
CLIENT := client/typescript
RUN    ?= --demo --log-format text --log-level warn

.DEFAULT_GOAL := all
.PHONY: all build run test lint fuzz audit generate licenses release release-check bench model screenshots clean

all: generate lint build test
	@git diff --exit-code --stat || { echo "make: files changed; commit them" >&2; exit 1; }

## build: bin/brrr with the console inside, and the Python predictor
build: bin/brrr $(VENV)/.serve

.PHONY: bin/brrr
bin/brrr: web/dist/index.html # Go knows best what is out of date
	@mkdir -p bin
	CGO_ENABLED=0 go build -buildvcs=auto -trimpath -o $@ ./cmd/brrr # as releases are

## run: set up, simulate, serve, and show a first call
run: # compiling, training and downloading side by side
	@$(MAKE) --no-print-directory -j3 build predictor/models/active node_modules/.ready
	bin/brrr serve $(RUN)

## test: everything; at the end those side by side that wait for much
test: build predictor/models/active $(VENV)/.dev $(CLIENT)/dist/index.js otelcol
	go test -race -timeout 20m ./...
	@$(MAKE) --no-print-directory -j3 --output-sync=line test-python test-drills test-others

# OpenTelemetry's own collector, for one test: compiled before others would wait for that.
.PHONY: otelcol
otelcol:
	@cd cmd/brrr/testdata/otelcol && go build -buildvcs=false -o /dev/null . || \
		echo "SKIPPED: the test of traces through OpenTelemetry's collector: its modules could not be had" >&2

.PHONY: test-python test-drills test-others
test-python:
	$(PY) -m pytest -q -c predictor/pyproject.toml predictor/tests

test-drills:
	@command -v prometheus >/dev/null || echo "SKIPPED: tests of the alerts; to run them: apt-get install prometheus" >&2
	go test -v -timeout 20m -run 'Sparkov|Switched|SaysWorks|EveryTable|Drill|RayServe|EachAlert|Documented' ./cmd/brrr ./cmd/supply

test-others:
	npm test --silent --workspace $(CLIENT)
	cd web && ../node_modules/.bin/vitest run && node --test --test-reporter=spec test/*.test.mjs
	@command -v wrk >/dev/null || echo "SKIPPED: tests of the load generator; to run them: apt-get install wrk" >&2
	cd bench && go test -race ./...
	cd deploy/kubernetes/check && go test -count=1 ./... # since Go would not notice that a manifest has changed

## lint: form, types, rules, and that gen/ is what the contracts say
lint: $(VENV)/.dev $(CLIENT)/dist/index.js
	$(BUF) lint
	$(BUF) format --diff --exit-code
	@if git rev-parse -q --verify main >/dev/null; then $(BUF) breaking --against '.git#branch=main'; \
		else echo "SKIPPED: buf breaking; fetch the branch main to compare with: git fetch origin main:main" >&2; fi
	@test -z "$$(gofmt -l bench client cmd deploy server web)" || { gofmt -d bench client cmd deploy server web; exit 1; }
	go mod tidy -diff
	go vet ./...
	go tool staticcheck ./...
	go run ./cmd/supply licenses --check
	cd bench && go mod tidy -diff && go vet ./... && go tool -modfile=../go.mod staticcheck ./...
	cd deploy/kubernetes/check && go mod tidy -diff && go vet ./...
	$(VENV)/bin/ruff check --config predictor/pyproject.toml predictor bench cmd
	$(VENV)/bin/ruff format --check --config predictor/pyproject.toml predictor bench cmd
	node_modules/.bin/tsc -p client/typescript
	node_modules/.bin/tsc -p web && node_modules/.bin/tsc -p web/tsconfig.test.json
	$(PY) -m mypy --config-file predictor/pyproject.toml predictor
	@$(MAKE) --no-print-directory OUT=.drift generate
	@diff -r gen .drift/gen || { rm -rf .drift; echo "make: gen/ is out of date; run make generate" >&2; exit 1; }
	@rm -rf .drift

## fuzz: every fuzz target in Go, for FUZZTIME each
FUZZTIME ?= 10s
fuzz: web/dist/index.html # cmd/brrr carries the console
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

## audit: known vulnerabilities of what is built upon
audit: $(PY)
	@PY=$(PY) .ci/audit

## generate: gen/ from proto/
OUT := .
generate: $(VENV)/.dev node_modules/.ready
	@rm -rf $(OUT)/gen && mkdir -p $(OUT)/gen/python
	$(BUF) generate -o $(OUT)
	PATH="$(abspath $(VENV)/bin):$$PATH" $(PY) -m grpc_tools.protoc -Iproto --python_out=$(OUT)/gen/python \
		--pyi_out=$(OUT)/gen/python --grpc_python_out=$(OUT)/gen/python \
		--mypy_grpc_out=quiet:$(OUT)/gen/python proto/fraud_detection/fraud_detection.proto

## licenses: docs/licenses.md, what we are built upon and under which licence
licenses: $(VENV)/.dev
	go run ./cmd/supply licenses

## release: archives, parts lists and checksums of VERSION in dist/, signed if there is a SIGN_KEY
release: $(CLIENT)/dist/index.js $(VENV)/.serve
	@test -n "$(VERSION)" || { echo "make: say which: make release VERSION=v1.2.3" >&2; exit 1; }
	go run ./cmd/supply release --version "$(VERSION)" $(if $(SIGN_KEY),--sign-key "$(SIGN_KEY)")

## release-check: two builds of a release have the same bytes; FRESH=1 compiles all anew for the second
release-check: $(CLIENT)/dist/index.js $(VENV)/.serve
	.ci/release-check

## model: train the default model on simulated payments; the same bytes each time
SIMULATED := predictor/models/.simulated
model: $(VENV)/.serve
	@mkdir -p $(SIMULATED)
	$(PY) -m predictor simulate --seed 1 --transactions $(SIMULATED)/transactions.csv --accounts $(SIMULATED)/accounts.csv
	$(PY) -m predictor train --data $(SIMULATED)/transactions.csv --accounts $(SIMULATED)/accounts.csv \
		--name simulated --out 'predictor/models/{version}' --activate
	@rm -r $(SIMULATED)

# Made when there is none. One that is there stays: it may be somebody's own.
predictor/models/active: | $(VENV)/.serve
	@$(MAKE) --no-print-directory model

## bench: measure the service beside its limits and its peers, and write docs/benchmarks.md
bench: build predictor/models/active
	cd bench && go run . $(BENCH)

## screenshots: the pictures of the console in docs/
screenshots: build predictor/models/active
	cd web && node test/screenshots.mjs ../docs/console

clean:
	rm -rf bin .drift node_modules $(CLIENT)/dist web/dist/* $(VENV) predictor/models

# What is installed, by lists with exact versions.

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11; say PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# gen/python and the repository itself are import roots, wherever Python starts.
$(VENV)/.serve: $(PY) predictor/requirements.txt predictor/requirements-train.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r predictor/requirements-train.txt
	@printf '%s\n' "$(CURDIR)" "$(CURDIR)/gen/python" > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/grpcgoesbrrr.pth"
	@touch $@

$(VENV)/.dev: $(VENV)/.serve predictor/requirements-onnx.txt predictor/requirements-trace.txt predictor/requirements-ray.txt predictor/requirements-dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r predictor/requirements-dev.txt
	@touch $@

node_modules/.ready: package-lock.json package.json client/typescript/package.json web/package.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The npm package, which tests, the console and type checks use as it is published.
$(CLIENT)/dist/index.js: node_modules/.ready $(wildcard $(CLIENT)/src/*.ts $(CLIENT)/*.json $(CLIENT)/*.mjs gen/es/*/*/*)
	npm run build --silent --workspace $(CLIENT)

# The console, as the binary carries it.
web/dist/index.html: $(CLIENT)/dist/index.js $(shell find web/src web/public web/index.html web/vite.config.ts -type f)
	cd web && ../node_modules/.bin/vite build --logLevel warn

## sample: deploy/brrr.yaml, every setting with its default
.PHONY: sample
sample: bin/brrr
	bin/brrr config sample > deploy/brrr.yaml
