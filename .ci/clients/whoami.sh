#!/usr/bin/env bash
# What ci/clients/whoami does, with the AWS CLI: each call is a process of its own.
set -euo pipefail
shopt -s inherit_errexit

seconds=0
if [ "${1:-}" = --for ]; then
  seconds=$2
  shift 2
fi
[ $# -gt 0 ] || set -- ""

end=$((SECONDS + seconds))
while :; do
  identities=$(for profile; do
    arn=$(aws sts get-caller-identity ${profile:+--profile "$profile"} --query Arn --output text)
    echo "${profile:-default} $arn"
  done)
  [ "$SECONDS" -lt "$end" ] || break
done
echo "$identities"
