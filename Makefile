# What can be done here. The first target is the one that make alone runs.

GO ?= go
FUZZTIME ?= 10s
OPERATIONS ?= 1000000
SOAK ?= 60s
FAILOVERS ?= 30
FAILOVER_OPERATIONS ?= 200000
# Git that is missing, or refuses the folder of another user, must not stop a build: the binary then knows no commit.
BUILD = $(GO) build $(shell git rev-parse --verify --quiet HEAD >/dev/null 2>&1 || echo -buildvcs=false) -o bin/enisim ./cmd/enisim
LINT = $(GO) tool -modfile=.ci/tools/go.mod golangci-lint
# Tests mostly wait for Postgres, so more of them than cores run side by side. gotestsum shows what runs while it runs, on a terminal with a dot for each test, and at the end what failed and what was skipped and why.
# No symbol tables: linking 20 test binaries then takes a third of the time. Stack traces do not need them.
TESTFLAGS ?= -timeout 30m -parallel 4 -ldflags='-s -w'
# Collecting garbage at five times the live memory, instead of twice, saves a tenth of the processor time of tests. The servers that they start do the same.
TESTS = GOGC=$${GOGC:-400} $(GO) tool -modfile=.ci/tools/go.mod gotestsum --format $$([ -t 2 ] && echo dots-v2 || echo pkgname) --format-hide-empty-pkg --

# The longest packages first, so that none of them runs alone at the end. store/pglocal mostly waits for a Postgres that hangs, so it runs
# beside the package that never waits. Go runs a package that is named twice once.
PACKAGES = ./httpapi ./store/pglocal ./cmd/enisim ./service/scenario ./store ./...

.DEFAULT_GOAL := help
.PHONY: help run fresh test race lint bench benchmarks golden fuzz sdk screenshots release up prove prove-ha soak-hostile

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Serve on 127.0.0.1:8080, with a private Postgres and the quick-start world
	$(BUILD)
	exec bin/enisim serve

fresh: ## Serve like make run, with the quick-start world as it was at first
	$(BUILD)
	exec bin/enisim serve --scenario testdata/scenarios/quickstart.yaml --scenario-reset

test: ## Run the tests, on a real Postgres (after make sdk with the TypeScript SDK too)
	@$(TESTS) $(TESTFLAGS) $(PACKAGES)

race: ## Run the tests under the race detector, but those whose calls run one after another
	@$(TESTS) -race -short $(TESTFLAGS) $(PACKAGES)

prove: ## Prove with OPERATIONS (1000000) calls that histories are linearizable while servers and Postgres are killed
	$(GO) test ./cmd/enisim/prove -run '^TestHistoryIsLinearizableUnderFaults$$' -v -count 1 -timeout 2h -operations $(OPERATIONS)

prove-ha: ## Prove the same on a cluster with at least FAILOVERS (30) failovers (needs patroni, etcd-server and haproxy)
	$(GO) test ./cmd/enisim/prove -run '^TestHistoryIsLinearizableUnderFailovers$$' -v -count 1 -timeout 2h -failovers $(FAILOVERS) -operations $(FAILOVER_OPERATIONS)

soak-hostile: ## Attack a server for SOAK (60s), and hold its memory to 256 MiB
	$(GO) test ./cmd/enisim -run '^TestHostileSoak$$' -v -count 1 -timeout 20m -soak $(SOAK)

lint: ## Run the linters
	$(LINT) run ./...

bench: ## Measure attaches beside pgbench, lives, lists, neighbours and overload, and print tables
	$(GO) run ./cmd/enisim/bench

benchmarks: ## Run the benchmarks of single parts
	$(GO) test -run '^$$' -bench . ./...

golden: ## Write the golden files anew from what the server answers
	$(GO) test ./httpapi -run '^Test(Golden|GatewayContract|DocumentedErrorsPage|ActionNames|ActionsPage)$$' -update
	$(GO) test ./service -run '^TestOrderOfRules$$' -update
	$(GO) test ./service/scenario -run '^TestGuideTables$$' -update

fuzz: ## Fuzz each target for FUZZTIME (10s)
	$(GO) test ./httpapi -run '^$$' -fuzz '^FuzzBind$$' -fuzztime $(FUZZTIME)
	$(GO) test ./httpapi/signature -run '^$$' -fuzz '^FuzzStringToSignV1$$' -fuzztime $(FUZZTIME)
	$(GO) test ./httpapi/signature -run '^$$' -fuzz '^FuzzParseAuthorization$$' -fuzztime $(FUZZTIME)
	$(GO) test ./service/scenario -run '^$$' -fuzz '^FuzzParse$$' -fuzztime $(FUZZTIME)

sdk: ## Install the npm packages of tests: the TypeScript SDK and axe-core (needs Node)
	npm ci --prefix httpapi/sdktest/typescript
	npm ci --prefix httpapi/testdata/axe

screenshots: ## Write the screenshots of the console to docs/img (needs chromium)
	$(GO) test ./httpapi -run '^TestScreenshots$$' -count 1 -timeout 20m -screenshots $(CURDIR)/docs/img

release: ## Build the archives, the .deb and the .rpm of a release in dist/, with checksums and SBOMs
	.ci/release/build

up: ## Serve in containers, with Postgres 17
	docker compose up --build
