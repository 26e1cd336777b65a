# Every target needs Go (see go.mod), make and git; the linter is pinned in .ci/tools.mod and built by Go.
# test-arm64 and test-v1 also want QEMU's user emulation, race a C compiler and test-browser Chromium; .ci/run installs what is missing.

GO       ?= go
TOOL     := $(GO) tool -modfile=.ci/tools.mod
FUZZTIME ?= 20s
BIN      ?= bin/cli
MODULES  := bench/peers asm/_gen # of their own, which ./... does not reach

# What is tested and what is shipped are built alike, without C, so that the program is static. The race detector alone
# is linked with C's run time.
export CGO_ENABLED := 0
race: export CGO_ENABLED := 1

.PHONY: all build test plans test-purego test-arm64 test-v1 test-browser race fuzz bench bench-peers bench-doc bench-big quality test-real lint generate check demo clean

all: build

build: ## the program, static, at bin/cli; BIN names another place
	$(GO) build -trimpath -o $(BIN) ./cmd/cli

demo: build ## the main job on the embedded models: prune, evaluate, report
	bin/cli demo

test: ## all tests, with the fastest kernels of this machine
	$(GO) test -timeout 20m ./...

plans: ## planned against taken memory for the full product of methods, presets, patterns and grids, some minutes
	ADAGP_TEST_ALL_PLANS=1 $(GO) test -timeout 30m -count 1 -run TestPlans ./prune/all

test-purego: ## the packages that compute, with the portable Go kernels only, without the long tests
	$(GO) test -timeout 20m -short -tags purego ./asm/... ./tensor/... ./autograd/... ./nn/... ./models/... ./prune/...

test-arm64: ## kernels for arm64 and what is built right on them, emulated where necessary
	flag=$$(.ci/qemu aarch64) && GOARCH=arm64 $(GO) test -timeout 20m -short $$flag ./asm ./tensor ./tensor/packed ./tensor/linalg

test-v1: ## a build for any amd64 on a processor without AVX, emulated: it finds that only the kernels in Go will do
	flag=$$(.ci/qemu x86_64 Nehalem) && GOARCH=amd64 GOAMD64=v1 $(GO) test -timeout 20m -short "$$flag" ./asm ./tensor

test-browser: ## the report pages in headless Chromium, at the widths of a desk and of a phone; CHROMIUM names another program
	$(GO) vet -tags browser ./cmd/cli/app
	$(GO) test -count 1 -tags browser -run 'TestBrowser' ./cmd/cli/app

race: ## the tests under the race detector, without the long ones
	$(GO) test -timeout 30m -short -race ./...

fuzz: ## every fuzz target for FUZZTIME
	.ci/fuzz $(FUZZTIME)

bench: ## kernels and pruning steps
	$(GO) test -run '^$$' -bench . -benchtime 0.5s ./asm ./tensor/... ./autograd ./prune/...

bench-peers: ## side by side with OpenBLAS, oneDNN, gonum and spago; installs the C libraries with apt-get
	@dpkg -s gcc libc6-dev libopenblas-dev libdnnl-dev >/dev/null 2>&1 || \
		{ sudo=; [ $$(id -u) = 0 ] || sudo=sudo; $$sudo apt-get update && $$sudo apt-get install -y gcc libc6-dev libopenblas-dev libdnnl-dev; } >&2
	@mkdir -p bin
	@gcc -O2 -Wall -o bin/peer bench/peers/native/peer.c -lopenblas -ldnnl
	@$(GO) -C bench/peers run . -peer $(CURDIR)/bin/peer $(PEERS)

bench-big: build ## models of a billion weights and more under memory budgets, an hour; BIG=windows, 7b-layer or 1.1b for a part
	$(GO) run ./bench/big $(BIG)

bench-doc: ## put this machine's figures into docs/performance.md
	GO=$(GO) bench/doc $(SECTIONS)

quality: ## prune three trained models by all methods and write docs/quality.md: make quality DATA=folder
	GO=$(GO) bench/quality/run $(DATA)

test-real: ## the hub's cache beside huggingface_hub's; with MODELS=folder DATA=folder real models beside transformers, see bench/real/run
	GO=$(GO) bench/real/run $(MODELS) $(DATA)

lint: ## format, vet on every platform we name, staticcheck, the other modules, C where its libraries are, and no stray files (see .ci/stray)
	.ci/stray
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags purego ./...
	GOARCH=arm64 $(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(GO) mod tidy -diff
	$(GO) mod verify
	$(foreach module,$(MODULES),$(GO) -C $(module) vet ./... && $(GO) -C $(module) build -o /dev/null ./... && $(GO) -C $(module) mod tidy -diff && $(GO) -C $(module) mod verify &&) true
	printf '#include <cblas.h>\n#include <dnnl.h>\n' | cc -fsyntax-only -x c - 2> /dev/null || exit 0; cc -fsyntax-only -Wall bench/peers/native/peer.c

generate: ## regenerate everything that is generated
	$(GO) generate ./...

check: lint build test test-purego demo ## everything a change must pass; .ci/run adds test-arm64, test-v1 and race

clean:
	rm -rf bin demo-report.html
