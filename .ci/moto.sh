#!/usr/bin/env bash
# Lets the action log in to the server of moto, a simulation of AWS that others wrote.
set -euo pipefail
. "$(dirname "$0")/env.sh"

moto=$(mktemp -d)
trap 'rm -rf "$moto"' EXIT

python3 -m venv "$moto"
"$moto/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement .ci/moto/requirements.txt
go test -tags=clients -count=1 -v ./ci/moto -server="$moto/bin/moto_server"
