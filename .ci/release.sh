#!/usr/bin/env bash
# Rehearses a release of the last commit from nothing, against a Git remote and a registry of its own on loopback:
# build, push, release commit and tag, then what users do with them. The release workflow calls the same tool.
# SECOND_BUILD=all builds everything twice instead of one architecture.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. .ci/workflows.sh
. .ci/registry.sh

export GIT_AUTHOR_NAME=octocat GIT_AUTHOR_EMAIL=octocat@example.com
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

step() { printf '\n-- %s (at %d s)\n' "$1" "$SECONDS"; }

fail() {
  echo "$1"
  exit 1
}

# same WHAT EXPECTED GOT
same() {
  [ "$2" = "$3" ] || fail "$1: expected $2, got $3"
  echo "$1: $3"
}

commit=$(git rev-parse HEAD) # one, even if somebody commits meanwhile

step 'A remote with main, and a registry'
git init -q --bare --initial-branch=main "$work/remote.git"
git -C "$work/remote.git" config receive.shallowUpdate true # CI's checkout may be a shallow one
git push -q "$work/remote.git" "$commit:refs/heads/main"
start_registry "$work/registry"
image=$registry_host/org/aws-oidc-action

step "Build $version"
git clone -q "file://$work/remote.git" "$work/source"
go -C "$work/source/release" build -o "$work/release-tool" .
tool() { (cd "$work/source" && "$work/release-tool" "$@"); }
tool check --version "$version"
index=$(tool build --version "$version" --out "$work/one")
(cd "$work/one/assets" && sha256sum --check --strict --quiet checksums.txt)

# Nothing of the first build helps the second, and its user has set what a build could notice.
step 'Build it again: another clone, another path, an empty build cache'
mkdir -p "$work/another/longer/path"
git clone -q "file://$work/remote.git" "$work/another/longer/path/clone"
again() {
  cd "$work/another/longer/path/clone"
  umask 077
  GOCACHE="$work/cache" GOFLAGS=-tags=other GOAMD64=v3 TZ=Asia/Kolkata \
    "$work/release-tool" build --version "$version" --out "$work/two" "$@"
}
if [ "${SECOND_BUILD:-arm64}" = all ]; then
  same 'digest of the index' "$index" "$(again)"
  diff -r "$work/one" "$work/two"
else
  child=$(tool digest --layout "$work/one/layout" --arch arm64)
  same 'digest for linux/arm64' "$child" "$(again --arch arm64)"
  for file in "$work"/two/assets/*; do
    [ "${file##*/}" = checksums.txt ] || cmp "$file" "$work/one/assets/${file##*/}"
  done
fi
rm -rf "$work/cache"

step 'Push'
same 'digest pushed' "$index" "$(tool push --layout "$work/one/layout" --to "$image")"
same 'digest pushed again' "$index" "$(tool push --layout "$work/one/layout" --to "$image")"

step 'Release commit and tag'
git -C "$work/source" tag "$version" "$(tool pin --version "$version" --digest "$index" --image "$image")"
git -C "$work/source" push -q origin "$version"
git -C "$work/remote.git" diff "$version^" "$version"
same 'changed lines' $'1\t1\taction.yml' "$(git -C "$work/remote.git" diff --numstat "$version^" "$version")"
same 'parent' "$commit" "$(git -C "$work/remote.git" rev-parse "$version^")"

step 'What the image holds'
docker pull -q "$image@$index"
mkdir "$work/saved"
docker save "$image@$index" | tar -C "$work/saved" -x
layers=$(grep -o '"Layers":\[[^]]*\]' "$work/saved/manifest.json" | grep -o '[^"]*layer\.tar\|blobs/[^"]*')
for layer in $layers; do tar -tf "$work/saved/$layer"; done >"$work/content"
same 'files' 'aws-oidc-action post' "$(sort "$work/content" | xargs)"
same 'version' "$(printf 'aws-oidc-action %s (%s) %s linux/amd64' "$version" "$commit" "$GOTOOLCHAIN")" \
  "$(docker run --rm --network none "$image@$index" version)"

step 'The image for arm64'
child=$(tool digest --layout "$work/one/layout" --arch arm64)
docker pull -q "$image@$child"
container=$(docker create --network none "$image@$child")
docker cp "$container:/aws-oidc-action" "$work/program-arm64"
docker rm "$container" >/dev/null
qemu-aarch64-static "$work/program-arm64" version
qemu-aarch64-static "$work/program-arm64" rehearse
docker rmi -f "$image@$child" >/dev/null

step 'A workflow of a user, from the tag'
docker rmi -f "$image@$index" >/dev/null
! docker image inspect "$image@$index" >/dev/null 2>&1 || fail 'the image is still here'
git -c advice.detachedHead=false clone -q --branch "$version" "file://$work/remote.git" "$work/release"
mkdir -p "$work/caller/.github/workflows"
sed "s|uses: \./|uses: org/aws-oidc-action@$version|" .ci/act/login.yml >"$work/caller/.github/workflows/login.yml"
make_repository caller octo-org/octo-repo
run push caller .github/workflows/login.yml
expect_login
docker image inspect --format 'pulled: {{index .RepoDigests 0}}' "$image@$index"

step 'login.yml of the release commit itself'
git -C "$work/release" remote set-url origin https://github.com/org/aws-oidc-action.git
run push release .ci/act/login.yml
expect_login
docker rmi -f "$image@$index" >/dev/null

step 'The self-contained action, with the registry stopped'
kill "$registry"
wait "$registry" || true
registry=
rm -rf "$work/release"
mkdir "$work/release"
tar -C "$work/release" -xzf "$work/one/assets/aws-oidc-action-self-contained.tar.gz"
find "$work/release" ! -type d -printf '%P\n' | sort
make_repository release octo-org/aws-oidc-action
run push caller .github/workflows/login.yml
expect_login
grep -qF 'docker build -t' "$work/log"

# BuildKit knows the architecture; the classic builder, with which act has just built, takes amd64.
if printf 'FROM scratch\nLABEL probe=1\n' | DOCKER_BUILDKIT=1 docker build -q - >/dev/null 2>&1; then
  for arch in amd64 arm64; do
    DOCKER_BUILDKIT=1 docker build -q --platform "linux/$arch" --tag "$IMAGE-self-contained" "$work/release"
    container=$(docker create --network none "$IMAGE-self-contained")
    docker cp "$container:/aws-oidc-action" "$work/program"
    docker rm "$container" >/dev/null
    cmp "$work/program" "$work/one/assets/aws-oidc-action-linux-$arch"
    echo "BuildKit takes the program for $arch"
  done
  docker rmi "$IMAGE-self-contained" >/dev/null
else
  echo 'BuildKit is not available here'
fi
