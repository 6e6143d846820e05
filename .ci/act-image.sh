#!/usr/bin/env bash
# Makes the image that act runs jobs in, if it is not here yet: Debian with git, the AWS CLI, boto3 and Node.js,
# from the mirror that this machine's own apt uses.
set -euo pipefail
. "$(dirname "$0")/env.sh"

if docker image inspect "$JOB_IMAGE" >/dev/null 2>&1; then
  echo "$JOB_IMAGE is here already"
  exit
fi

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # apt-get expands $(SITE), not the shell
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Release: $suite" 'Component: main' | head -n 1)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# debootstrap does not see that awscli needs python3-cffi-backend: it resolves no virtual packages.
debootstrap --variant=minbase --include=awscli,ca-certificates,git,nodejs,python3-boto3,python3-cffi-backend \
  "$suite" "$root" "$mirror" | grep -v '^I: \(Retrieving\|Validating\|Extracting\|Unpacking\|Configuring\)'
tar -C "$root" -c --exclude='./var/cache/apt/archives/*.deb' . | docker import - "$JOB_IMAGE"
