#!/usr/bin/env bash
# Lets SDKs use one login with `refresh: true` across several renewals of sessions that live for seconds, and every
# client that is installed in seconds use each way in which a step hands out credentials.
set -euo pipefail
. "$(dirname "$0")/env.sh"

clients=$(mktemp -d)
trap 'rm -rf "$clients"' EXIT
chmod 755 "$clients" # they run as another user
mkdir "$clients/more"

.ci/clients/build.sh "$clients"
.ci/clients/more/build.sh "$clients/more"
CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$clients/aws-oidc-action" .
go test -tags=clients -count=1 -v ./ci/clients -image="$IMAGE" -program="$clients/aws-oidc-action" -clients="$clients"
