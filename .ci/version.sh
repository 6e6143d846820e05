#!/usr/bin/env bash
# Prints the newest version that CHANGELOG.md describes, which is what a release of this commit would be.
set -euo pipefail
. "$(dirname "$0")/env.sh"

awk -F '[][]' '/^## \[[0-9]/ { print "v" $2; found = 1; exit } END { exit !found }' CHANGELOG.md
