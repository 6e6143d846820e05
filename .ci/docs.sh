#!/usr/bin/env bash
# Runs what README, CONTRIBUTING and the pages of docs tell people to run, or what the named pages do. Their fenced
# blocks are
#   ```sh ci        run here, as one script, from the repository's root
#   ```sh by-hand   not run, but counted: it needs what CI has not, such as GitHub or AWS
#   ```yaml         linted, if it is a whole workflow
#   ```json         parsed
# A block marked just ```sh (or bash, shell, console, powershell) is an error, so that none is forgotten.
set -euo pipefail
. "$(dirname "$0")/env.sh"

blocks=$(mktemp -d)
trap 'rm -rf "$blocks"' EXIT

shopt -s nullglob
pages=("$@")
[ $# -gt 0 ] || pages=(README.md CONTRIBUTING.md docs/*.md docs/decisions/*.md)
awk -v dir="$blocks" '
  FNR == 1 {
    if (file != "") { printf "%s: a fenced block is not closed\n", page; exit 1 }
    page = FILENAME; name = page; gsub(/\//, "-", name)
  }
  /^ *```/ && file == "" {
    info = $0; sub(/^ *```/, "", info)
    if (info ~ /^(sh|bash|shell|console|powershell)/ && info != "sh ci" && info != "sh by-hand") {
      printf "%s:%d: mark the block as \"sh ci\" or \"sh by-hand\", not as \"%s\"\n", page, FNR, info
      exit 1
    }
    suffix = info == "sh ci" ? "sh" : info == "sh by-hand" ? "by-hand" : info ~ /^(yaml|json)$/ ? info : "other"
    file = sprintf("%s/%s:%d.%s", dir, name, FNR, suffix)
    printf "" > file
    next
  }
  /^ *```$/ { close(file); file = ""; next }
  file != "" { print > file }
' "${pages[@]}"

ran=0
for block in "$blocks"/*.sh; do
  printf -- '-- %s\n' "$(basename "$block" .sh)"
  bash -euxo pipefail "$block" </dev/null
  ran=$((ran + 1))
done
if [ $# -eq 0 ] && [ "$ran" -eq 0 ]; then
  echo 'no block is marked "sh ci"'
  exit 1
fi

linted=0
for block in "$blocks"/*.yaml; do
  if grep -q '^jobs:' "$block"; then
    printf -- '-- %s\n' "$(basename "$block" .yaml)"
    go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -color=false "$block" </dev/null
    linted=$((linted + 1))
  fi
done

for block in "$blocks"/*.json; do
  printf -- '-- %s\n' "$(basename "$block" .json)"
  python3 -m json.tool "$block" >/dev/null
done

by_hand=("$blocks"/*.by-hand)
printf 'blocks run: %d; workflows linted: %d; blocks by hand: %d\n' "$ran" "$linted" "${#by_hand[@]}"
