#!/usr/bin/env bash
# Runs the workflows of .ci/act as their users write them, with act, against the sandbox. What is tested is
# the last commit: act's checkout copies a clone.
set -euo pipefail
. "$(dirname "$0")/env.sh"

work=$(mktemp -d)
sandbox=
trap '[ -z "$sandbox" ] || kill "$sandbox"; rm -rf "$work"' EXIT

GOBIN="$work" go install github.com/nektos/act@v0.2.89
go build -o "$work/aws-oidc-action" .

exec {environ}< <(exec "$work/aws-oidc-action" sandbox ci/testdata/scenario.yml)
sandbox=$!
while read -r variable <&"$environ" && [ -n "$variable" ]; do
  case $variable in
    ACTIONS_ID_TOKEN_* | AWS_ENDPOINT_URL_STS=*) echo "$variable" ;;
  esac
done >"$work/environ"

# act takes `uses: actions/checkout` of the repository that origin names to mean this folder.
git clone -q . "$work/clone"
git -C "$work/clone" remote set-url origin https://github.com/org/aws-oidc-action.git

for workflow in .ci/act/*.yml; do
  "$work/act" push --directory "$work/clone" --workflows "$workflow" --env-file "$work/environ" \
    --platform ubuntu-latest="$JOB_IMAGE" --pull=false --action-offline-mode --network host 2>&1 | tee "$work/log"
done

# What a workflow cannot check of itself: its log, and its post steps.
grep -qF 'secret key <***>, token <***>' "$work/log"
grep -qE '::set-env:: AWS_SECRET_ACCESS_KEY=$' "$work/log"
