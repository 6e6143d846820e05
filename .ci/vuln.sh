#!/usr/bin/env bash
# Looks for known vulnerabilities that the code of each module here can reach, on each system it is built for.
# The database is the one that .ci/vuln/go.mod pins, so that a commit that passed once passes again;
# VULNDB=latest takes the newest instead.
set -euo pipefail
. "$(dirname "$0")/env.sh"

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go -C .ci/vuln build -o "$bin" golang.org/x/vuln/cmd/govulncheck

download=$(go -C .ci/vuln mod download -json "golang.org/x/vulndb${VULNDB:+@$VULNDB}")
sed -n 's/^\t"Version": "\(.*\)",$/database: golang.org\/x\/vulndb \1/p' <<<"$download"
database=file://$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$download")/data/osv

# govulncheck finds nothing in an empty database and says so as it does of a clean program.
if ! "$bin/govulncheck" -mode query -format json -db "$database" stdlib@go1.26.8 | grep -q '"id": "GO-2026-6809"'; then
  echo "$database lacks a vulnerability that go1.26.8 is known to have; check where the module keeps its data"
  exit 1
fi

git ls-files go.mod '*/go.mod' | while read -r module; do
  [ "$module" != .ci/vuln/go.mod ] || continue # a pin without a program
  for os in linux darwin windows; do
    echo "-- $module, $os"
    GOOS=$os "$bin/govulncheck" -C "$(dirname "$module")" -db "$database" ./...
  done
done
