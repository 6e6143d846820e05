# shellcheck shell=bash
# Sourced by every script here: the repository's root as the working directory, the toolchain that go.mod names,
# and the programs of Go and of Debian's packages before others of the same name (another aws or docker may come
# earlier in PATH).
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
PATH="$PATH:/usr/local/go/bin"
GOTOOLCHAIN=$(sed -n 's/^toolchain //p' go.mod) # a machine's own setting may say local, which ignores that line
export GOTOOLCHAIN
PATH="$(go env GOROOT)/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export DOCKER_BUILDKIT=0                # the builder that every runner's Docker has
export IMAGE=aws-oidc-action:ci         # image.sh makes it
export JOB_IMAGE=aws-oidc-action-job:ci # act-image.sh makes it
