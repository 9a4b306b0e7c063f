# `make` lists what there is. CI runs `make check`.
.DEFAULT_GOAL := help
.PHONY: help run dev generate build deps test soak model check fresh vet lint bench screenshots lighthouse clean
# One after the other: `fresh` writes what the others read.
.NOTPARALLEL:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# SQLite is C. These make the binary whole in itself (on Linux): no extension is
# loaded at run time, and names are looked up by Go rather than by libc.
TAGS    := sqlite_omit_load_extension netgo osusergo
LDFLAGS := -s -w -X main.version=$(VERSION) -extldflags -static

LINT_VERSION := 2.15.0
LINT         := .tools/golangci-lint-$(LINT_VERSION)

# Packages whose tests run on PostgreSQL, too, beside ./store and ./replicas.
ON_POSTGRES := ./fulfil ./handlers ./crash ./modeltest .

# Packages that the race detector would only slow down, like ./e2e: they drive
# programs of their own, or do one thing at a time.
UNRACED := ./crash ./demo ./locales ./modeltest ./models ./pricing ./sheet ./views

run: ## the portal with the sandbox provider, on http://127.0.0.1:8080
	go run . serve

dev: ## the same with live reload, on http://127.0.0.1:7331
	scripts/dev.sh

generate: ## format the templates and write their Go code, minify and compress what static/ serves
	go tool templ fmt .
	go tool templ generate
	go run ./tools/assets

build: ## a static binary, ./portal
	CGO_ENABLED=1 go build -trimpath -tags "$(TAGS)" -ldflags "$(LDFLAGS)" -o portal .

deps: ## install what the tests need: Node.js, Chromium, fonts, PostgreSQL, npm packages
	scripts/deps.sh

# What uses the database is tested twice: with an SQLite file, and with a
# PostgreSQL server that is there for as long as the tests run. The race detector
# makes most code five times as slow, so it has each package once, and -short leaves
# out what is long for other reasons. Four packages at a time, because several wait
# for pauses and leases most of theirs; the browser has the machine to itself, because
# beside programs that are killed and started it is slow enough to fail.
test: deps ## all tests, with the race detector
	go test -race -short -p 4 -timeout 30m $$(go list ./... | grep -vxF "$$(go list $(UNRACED) ./e2e)")
	go test -p 4 -timeout 30m $(UNRACED)
	go test -timeout 30m ./e2e
	go test -run '^Test(Memory|AnExport|EveryChangedValue)' ./handlers ./store
	scripts/with-postgres.sh go test -race -p 4 -timeout 30m ./replicas
	scripts/with-postgres.sh go test -p 3 -timeout 30m ./store $(ON_POSTGRES)

KILLS ?= 500
SEED  ?= 0

# docs/RELIABILITY.md has the results. A seed repeats the choices, not the timing.
soak: deps ## kill portal and sandbox at random under load, on both databases (KILLS=500 SEED=…)
	go test -count 1 -v -timeout 0 -run '^TestRandomKillsUnderLoad$$' ./crash -kills $(KILLS) -seed $(SEED)
	scripts/with-postgres.sh go test -count 1 -v -timeout 0 -run '^TestRandomKillsUnderLoad$$' ./crash -kills $(KILLS) -seed $(SEED)

SCHEDULES ?= 10000

# A seed repeats its schedules to the letter. On PostgreSQL, where each makes a
# database, there are a twentieth of them.
model: deps ## random schedules of users, faults, workers and clocks on both databases (SCHEDULES=10000 SEED=…)
	go test -count 1 -v -timeout 0 ./modeltest -rapid.checks $(SCHEDULES) -rapid.seed $(SEED)
	scripts/with-postgres.sh go test -count 1 -v -timeout 0 ./modeltest -rapid.checks $$(($(SCHEDULES) / 20)) -rapid.seed $(SEED)

check: fresh vet lint test ## what CI runs: generated code, format, vet, lint, tests

fresh: deps ## fail when generated code, go.mod or an npm lock is stale
	scripts/check-generated.sh

lint: $(LINT) ## format and lint
	$(LINT) fmt --diff
	$(LINT) run

vet: ## go vet
	go vet ./...

# The version is in the file's name, so a new one is a new file.
$(LINT):
	@echo "installing golangci-lint $(LINT_VERSION); the first time takes two minutes"
	GOBIN=$(CURDIR)/.tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINT_VERSION)
	mv .tools/golangci-lint $(LINT)

bench: ## all benchmarks
	go test -run '^$$' -bench . -benchmem ./...

screenshots: deps ## write docs/screenshots anew
	go test -count 1 -timeout 30m -run '^TestScreenshots$$' ./e2e -screenshots $(CURDIR)/docs/screenshots

lighthouse: deps ## write docs/lighthouse.md anew: how quick the pages are on a phone
	go test -count 1 -timeout 30m -run '^TestLighthouseReport$$' ./e2e -lighthouse $(CURDIR)/docs/lighthouse.md

clean: ## remove what was built and installed here; the database stays
	rm -rf portal dist coverage.out .tools provider/sandbox/popcore/node_modules e2e/node_modules
