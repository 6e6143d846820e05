#!/usr/bin/env bash
# Makes the Dockerfile's builder image out of this machine's Go toolchain and module cache, and tags it
# with the name that the Dockerfile has for it: no registry is needed then.
# The image has neither a shell nor a proxy to ask, so a build that passes with it uses the exec form
# only and needs no module that go.mod does not name. An official image of that name is left alone.
set -euo pipefail
. "$(dirname "$0")/env.sh"

tag=$(sed -n 's/^FROM \(.*\) AS build$/\1/p' Dockerfile)
label=aws-oidc-action.made-by-ci
if docker image inspect "$tag" >/dev/null 2>&1 &&
  [ -z "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$tag")" ]; then
  echo "$tag is here already"
  exit
fi

root=$(mktemp -d)
trap 'chmod -R u+w "$root" && rm -rf "$root"' EXIT

mkdir -p "$root/tmp" "$root/usr/local"
ln -s "$(go env GOROOT)" "$root/usr/local/go"

# Of the modules only those that the program is built from, as its build would fetch them.
go build -o /dev/null .
GOPROXY="file://$(go env GOMODCACHE)/cache/download" GOMODCACHE="$root/go/pkg/mod" go build -o /dev/null .

# --dereference turns the link to the toolchain into the toolchain itself.
tar -C "$root" -c --dereference --exclude=usr/local/go/{api,doc,misc,test} tmp usr go/pkg/mod/cache |
  docker import \
    -c 'ENV PATH=/usr/local/go/bin' \
    -c 'ENV GOPATH=/go' \
    -c 'ENV GOTOOLCHAIN=local' \
    -c 'ENV GOPROXY=off' \
    -c "LABEL $label=true" \
    - "$tag"
