#!/usr/bin/env bash
# Runs what the README tells people to run. Its fenced blocks are
#   ```sh ci        run here, as one script, from the repository's root
#   ```sh by-hand   not run: it needs what CI has not
#   ```yaml         linted, if it is a whole workflow
# A block marked just ```sh (or bash, shell, console) is an error, so that none is forgotten.
set -euo pipefail
. "$(dirname "$0")/env.sh"

blocks=$(mktemp -d)
trap 'rm -rf "$blocks"' EXIT

awk -v dir="$blocks" '
  /^ *```/ && file == "" {
    info = $0; sub(/^ *```/, "", info)
    if (info ~ /^(sh|bash|shell|console)/ && info != "sh ci" && info != "sh by-hand") {
      printf "README.md:%d: mark the block as \"sh ci\" or \"sh by-hand\", not as \"%s\"\n", NR, info
      exit 1
    }
    suffix = info == "sh ci" ? ".sh" : info == "yaml" ? ".yml" : ".other"
    file = sprintf("%s/line-%04d%s", dir, NR, suffix)
    next
  }
  /^ *```$/ { close(file); file = ""; next }
  file != "" { print > file }
' README.md

shopt -s nullglob
commands=("$blocks"/*.sh)
if [ ${#commands[@]} -eq 0 ]; then
  echo 'README.md: no block is marked "sh ci"'
  exit 1
fi
for block in "${commands[@]}"; do
  echo "-- README.md, ${block##*/}"
  bash -euxo pipefail "$block" </dev/null
done

for block in "$blocks"/*.yml; do
  if grep -q '^jobs:' "$block"; then
    echo "-- README.md, ${block##*/}"
    go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -color=false "$block" </dev/null
  fi
done
