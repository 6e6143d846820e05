# Short names for what contributors run. CI runs .ci/run, not this file.
.PHONY: help test short golden lint ci

# Packages whose tests rewrite golden files and rendered pages with -update.
golden_packages = $(shell git grep -l --untracked '"update", false' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')

help:
	@echo 'make test    all tests of the program'
	@echo 'make short   all tests, with fewer random cases and without herds and kills'
	@echo 'make golden  the tests that rewrite golden files, action.yml and rendered tables; review the difference'
	@echo 'make lint    formatting, go vet, staticcheck, workflows and shell scripts; needs shellcheck'
	@echo 'make ci      all that CI does, as root on a Debian machine with Go: installs packages, starts a Docker daemon'

test:
	go test ./...

short:
	go test -short ./...

golden:
	go test $(golden_packages) -update

lint:
	.ci/lint.sh

ci:
	.ci/run
