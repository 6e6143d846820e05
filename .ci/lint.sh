#!/usr/bin/env bash
# What can be said of the sources without running them.
set -euo pipefail
. "$(dirname "$0")/env.sh"

unformatted=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
  printf 'gofmt would change:\n%s\n' "$unformatted"
  exit 1
fi

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN="$bin" go install honnef.co/go/tools/cmd/staticcheck@v0.8.2
for module in . release; do
  (
    cd "$module"
    go mod tidy -diff
    go vet -tags=container,clients ./...
    "$bin/staticcheck" -tags=container,clients ./...
  )
done

go -C .ci/vuln mod tidy -diff

# action.yml is checked by way of the workflows that say `uses: ./`.
git ls-files -z '.github/workflows/*.yml' '.ci/act/*.yml' 'examples/.github/workflows/*.yml' |
  xargs -0 go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -color=false

# Actions by their full SHA, with the version for people and Dependabot; our own by the tag of its release.
pinned='uses: (\./|org/aws-oidc-action(/[^@]+)?@v[0-9.]+$|[^@]+@[0-9a-f]{40} # v[0-9.]+( |$))'
if git grep -nE '^ *(- )?uses: ' -- .github/workflows examples | grep -vE "$pinned"; then
  echo 'these name no full SHA with a version as a comment'
  exit 1
fi
if git ls-files -z '.github/workflows/*.yml' 'examples/.github/workflows/*.yml' | xargs -0 grep -L '^permissions: {}$' | grep .; then
  echo 'these do not begin without permissions'
  exit 1
fi

shellcheck .ci/run .ci/bench .ci/*.sh .ci/clients/*.sh .ci/clients/{aws,cdk,terraform} .ci/clients/more/*.sh .ci/clients/more/whoami-{cdk,serverless} examples/*.sh
