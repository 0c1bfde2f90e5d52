# Tools are run by version, so that go.mod holds only what ships.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

FUZZTIME ?= 2m
ROUNDS   ?= 30
MINUTES  ?= 30

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build and run a broker on port 5672
	bin/lepus server

.PHONY: build
build: ## build bin/lepus
	go build -trimpath -o bin/lepus ./cmd/lepus

.PHONY: test
test: ## run the tests
	go test -shuffle=on ./...

.PHONY: race
race: ## run the tests with the race detector
	go test -race -shuffle=on ./...

.PHONY: lint
lint: ## check format, vet and staticcheck
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "not formatted, run gofmt -w:"; echo "$$out"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (2m)
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | \
	while IFS=: read -r file _ name; do \
		echo "== $${file%/*} $${name#func }"; \
		go test -run '^$$' -fuzz "^$${name#func }\$$" -fuzztime $(FUZZTIME) "$${file%/*}" || exit 1; \
	done

.PHONY: bench
bench: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: generate
generate: ## write the generated code anew
	go generate ./...

.PHONY: generated
generated:
	@before=$$(find . -name '*_gen.go' -exec cksum {} + | sort); \
	$(MAKE) --no-print-directory generate; \
	after=$$(find . -name '*_gen.go' -exec cksum {} + | sort); \
	[ "$$before" = "$$after" ] || { echo "generated code was out of date, it is written anew: commit it"; exit 1; }

.PHONY: check
check: generated lint race ## what CI runs: generated code, lint, all tests with the race detector

.PHONY: soak
soak: ## kill the broker under load, then cut its power, ROUNDS (30) times each; have it work for MINUTES (30)
	LEPUS_SOAK_ROUNDS=$(ROUNDS) go test -count=1 -timeout $$((10 + $(ROUNDS)))m -v -run '^TestCrash$$' ./integration
	LEPUS_SOAK_ROUNDS=$(ROUNDS) go test -count=1 -timeout $$((10 + $(ROUNDS)))m -v -run '^TestPowerCut$$' ./integration
	LEPUS_SOAK_MINUTES=$(MINUTES) go test -count=1 -timeout $$((15 + $(MINUTES)))m -v -run '^TestSoak$$' ./integration
