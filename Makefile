# Short names for what contributors run. CI runs .ci/run, not this file.
.PHONY: help test short golden lint ci

# Packages whose tests rewrite golden files and rendered pages with -update.
golden_packages = $(shell git grep -l '"update", false' -- '*_test.go' | xargs -n 1 dirname | sort -u | sed 's|^|./|')

help:
	@echo 'make test    all tests of the program'
	@echo 'make short   the same without long property tests, herds and kills'
	@echo 'make golden  rewrite golden files, action.yml and the rendered tables; review the difference'
	@echo 'make lint    formatting, go vet, staticcheck, workflows, shell scripts (needs shellcheck)'
	@echo 'make ci      all that CI does; on Debian, as root'

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
