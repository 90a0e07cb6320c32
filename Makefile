# Son1k. `make` alone lists the targets.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.buildVersion=$(VERSION)
TOOL     = $(GO) tool -modfile=.ci/tools/go.mod

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build postgres ## try it: API, worker and studio on http://localhost:3001
	@exec bin/son1k serve

.PHONY: build
build: ## build bin/son1k
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/son1k ./cmd/son1k

.PHONY: test
test: postgres testtools ## every test, against a real Postgres and a real browser
	CGO_ENABLED=1 TZ=Pacific/Chatham $(GO) run ./internal/postgres/pgtest/cmd/withpg -- \
		$(GO) test -race -timeout 14m $(TESTFLAGS) ./...

.PHONY: chaos
chaos: postgres ## what make test does to the job queue and to sockets in seconds, for minutes and with millions of jobs
	SON1K_CHAOS=full CGO_ENABLED=1 TZ=Pacific/Chatham $(GO) run ./internal/postgres/pgtest/cmd/withpg -- \
		$(GO) test -race -timeout 40m -v -p 1 -run 'Chaos|Cost' ./internal/queue/ ./internal/realtime/

.PHONY: bench
bench: postgres ## measure with durable commits; SUITE=queue or realtime compares with peers (bench/README.md), else BENCH=package picks
ifdef SUITE
	@sh bench/peers.sh
	@$(MAKE) --no-print-directory build
	CGO_ENABLED=0 $(GO) build -C bench -trimpath -ldflags '-X son1k/bench/systems.revision=$(VERSION)' -o ../bin/bench .
	$(GO) run ./internal/postgres/pgtest/cmd/withpg -durable -- bin/bench $(SUITE)
else
	$(GO) run ./internal/postgres/pgtest/cmd/withpg -durable -- \
		$(GO) test -p 1 -run '^$$' -bench . $(BENCHFLAGS) $(or $(BENCH),./...) | grep -v 'no test files'
endif

.PHONY: generate
generate: ## regenerate internal/queries from queries/ and db/migrations/
	$(TOOL) sqlc generate

.PHONY: lint
lint: ## what CI checks beside the tests: formatting, vet, linters, generated code
	@test -z "$$(gofmt -l cmd db internal bench)" || { gofmt -d cmd db internal bench; exit 1; }
	$(GO) vet ./...
	$(GO) vet -C bench ./...
	$(TOOL) staticcheck ./...
	$(TOOL) sqlc diff

.PHONY: postgres testtools
postgres:
	@sh .ci/postgres.sh
testtools:
	@sh .ci/testtools.sh
