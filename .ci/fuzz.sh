#!/usr/bin/env bash
# Fuzzes every target of this module, one after the other, for FUZZ_SECONDS (3600) altogether. What fails is kept
# in testdata/fuzz of its package and printed, to be committed with the fix: go test runs it from then on.
set -euo pipefail
. "$(dirname "$0")/env.sh"

# shellcheck disable=SC2016 # it is Go that expands it
files='{{$dir := .Dir}}{{range .TestGoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}'
targets=$(go list -f "$files" ./... | grep . | xargs grep -oHE '^func Fuzz[A-Za-z0-9_]+')
count=$(wc -l <<<"$targets")
each=$((${FUZZ_SECONDS:-3600} / count))
echo "$count targets, $each s each"

failed=
while IFS=: read -r file declaration; do
  name=${declaration#func }
  package=./$(realpath --relative-to=. "$(dirname "$file")")
  printf '\n== %s %s\n' "$package" "$name"
  # Minimizing what is interesting can take a target's whole time, so that it is tried once.
  if ! go test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" -fuzzminimizetime 1x; then
    failed="$failed $package:$name"
  fi
done <<<"$targets"

if [ -n "$failed" ]; then
  echo
  echo "failed:$failed"
  git ls-files --others --exclude-standard -- '*/testdata/fuzz/*' | while read -r input; do
    printf '\n-- %s\n' "$input"
    cat "$input"
  done
  exit 1
fi
