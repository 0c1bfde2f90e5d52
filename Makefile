# Tools are run by version, so that go.mod holds only what ships.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT   := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

FUZZTIME ?= 2m
# Only a test that hangs takes so long, on a machine of any speed.
TIMEOUT  ?= 30m
ROUNDS   ?= 30
MINUTES  ?= 30

# A release has this version, unless it is said to be another.
VERSION   ?= $(shell sed -n 's/^var version = "\(.*\)"/\1/p' cmd/lepus/version.go)
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

# What is measured, how often, and against which revision.
PKG   ?= ./...
BENCH ?= .
COUNT ?= 6
BASE  ?= HEAD

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build and run a broker on port 5672
	bin/lepus server

.PHONY: build
build: ## build bin/lepus
	CGO_ENABLED=0 go build -trimpath -o bin/lepus ./cmd/lepus

# The same source and toolchain give the same bytes, wherever it is built.
.PHONY: release
release: ## build PLATFORMS (all) of VERSION into dist, with their SHA-256 sums
	@rm -rf dist && mkdir dist
	@for p in $(PLATFORMS); do \
		os=$${p%/*}; arch=$${p#*/}; ext=; [ $$os = windows ] && ext=.exe; \
		echo "$$p"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -buildvcs=false \
			-ldflags '-s -w -buildid= -X main.version=$(VERSION)' -o dist/lepus-$(VERSION)-$$os-$$arch$$ext ./cmd/lepus || exit 1; \
	done
	@cd dist && sha256sum * >SHA256SUMS

.PHONY: image-root
image-root: build ## lay out in dist/image what the container image adds to busybox
	@rm -rf dist/image
	sh packaging/image-root.sh bin/lepus dist/image

.PHONY: test
test: ## run the tests
	go test -shuffle=on -timeout $(TIMEOUT) ./...

.PHONY: race
race: ## run the tests with the race detector
	go test -race -shuffle=on -timeout $(TIMEOUT) ./...

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
bench: ## run the Go benchmarks BENCH (.) of PKG (./...) COUNT (6) times, as benchstat reads them
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) $(PKG)

# The two take turns, so that what disturbs the machine disturbs both.
.PHONY: bench-diff
bench-diff: ## run the benchmarks of the revision BASE (HEAD) and of what is here in turn, and compare them
	@dir=$$(mktemp -d) || exit 1; \
	trap 'git worktree remove --force "$$dir/base" 2>/dev/null; rm -rf "$$dir"; git worktree prune' EXIT; \
	trap 'exit 1' HUP INT TERM; \
	git worktree add --quiet --detach "$$dir/base" '$(BASE)' || exit 1; \
	run() { echo "== $$1 $$2 of $(COUNT)"; \
		go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG) >>"$$dir/$$1.txt" || { cat "$$dir/$$1.txt"; exit 1; }; }; \
	n=0; while [ $$((n += 1)) -le $(COUNT) ]; do \
		(cd "$$dir/base" && run base $$n) && run here $$n || exit 1; \
	done; \
	go run $(BENCHSTAT) "base=$$dir/base.txt" "here=$$dir/here.txt"

PAGE := broker/management/page

.PHONY: page
page: page-modules ## build the management page, which is committed as built
	npm run --prefix $(PAGE) --silent build

.PHONY: page-modules
page-modules: ## install what builds and tests the management page
	npm ci --prefix $(PAGE) --no-audit --no-fund --silent

.PHONY: page-check
page-check: ## build the management page again and compare it; try it in a browser
	go test -count=1 -v -run '^TestFiles' ./$(PAGE)
	go test -count=1 -v -run '^TestPage' ./integration

.PHONY: generate
generate: ## write the generated code anew
	go generate ./...

.PHONY: generated
generated:
	@before=$$(find . \( -name '*_gen.go' -o -name REFERENCE.md \) -exec cksum {} + | sort); \
	$(MAKE) --no-print-directory generate; \
	after=$$(find . \( -name '*_gen.go' -o -name REFERENCE.md \) -exec cksum {} + | sort); \
	[ "$$before" = "$$after" ] || { echo "generated code was out of date, it is written anew: commit it"; exit 1; }

.PHONY: unraced
unraced: ## run the tests that the race detector would disturb: what a message may allocate, and all histories of the store
	go test -count=1 -timeout $(TIMEOUT) -run 'Garbage|Histories' ./...

.PHONY: check
check: generated lint race unraced ## what CI runs: generated code, lint, all tests, with the race detector where it does not disturb

.PHONY: soak
soak: ## kill the broker under load, then cut its power, ROUNDS (30) times each; have it work for MINUTES (30)
	LEPUS_SOAK_ROUNDS=$(ROUNDS) go test -count=1 -timeout $$((10 + $(ROUNDS)))m -v -run '^TestCrash$$' ./integration
	LEPUS_SOAK_ROUNDS=$(ROUNDS) go test -count=1 -timeout $$((10 + $(ROUNDS)))m -v -run '^TestPowerCut$$' ./integration
	LEPUS_SOAK_MINUTES=$(MINUTES) go test -count=1 -timeout $$((15 + $(MINUTES)))m -v -run '^TestSoak$$' ./integration
