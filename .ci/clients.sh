#!/usr/bin/env bash
# Lets the AWS CLI, boto3 and the SDKs for Go and JavaScript use one login with `refresh: true` across several
# renewals of sessions that live for seconds.
set -euo pipefail
. "$(dirname "$0")/env.sh"

clients=$(mktemp -d)
trap 'rm -rf "$clients"' EXIT
chmod 755 "$clients" # they run as another user

.ci/clients/build.sh "$clients"
go test -tags=clients -count=1 -v ./ci/clients -image="$IMAGE" -clients="$clients"
