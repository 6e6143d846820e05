#!/usr/bin/env bash
# Tries all clients of docs/clients.md in all ways, also those that take a minute to install. It needs no Docker.
set -euo pipefail
. "$(dirname "$0")/env.sh"

clients=$(mktemp -d)
trap 'rm -rf "$clients"' EXIT
mkdir "$clients/more"

.ci/needs.sh
.ci/clients/build.sh "$clients"
.ci/clients/more/build.sh "$clients/more" all
CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$clients/aws-oidc-action" .
go test -tags=clients -count=1 -v ./ci/clients -run TestWhichClientFindsCredentials -slow \
  -program="$clients/aws-oidc-action" -clients="$clients"
