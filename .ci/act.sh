#!/usr/bin/env bash
# Runs workflows as their users write them, with act, against the sandbox: those of .ci/act in a clone of this
# repository, those of examples in a repository of their own. What is tested is the last commit.
set -euo pipefail
. "$(dirname "$0")/env.sh"

work=$(mktemp -d)
sandbox=
trap '[ -z "$sandbox" ] || kill "$sandbox"; rm -rf "$work"' EXIT

GOBIN="$work" go install github.com/nektos/act@v0.2.89
go build -o "$work/aws-oidc-action" .
mkdir "$work/clients"
.ci/clients/build.sh "$work/clients"

exec {environ}< <(exec "$work/aws-oidc-action" sandbox ci/testdata/landing-zone.yml)
sandbox=$!
while read -r variable <&"$environ" && [ -n "$variable" ]; do
  case $variable in
    ACTIONS_ID_TOKEN_* | AWS_ENDPOINT_URL_STS=*) echo "$variable" ;;
  esac
done >"$work/environ"

# act takes `uses: actions/checkout` of the repository that origin names to mean the folder that it works in.
# For every `uses: ./` it sends the whole folder to Docker, so the history stays out of it.
git clone -q --depth 1 "file://$PWD" "$work/clone"
git -C "$work/clone" remote set-url origin https://github.com/org/aws-oidc-action.git

# What others use by its name is the same tree with the image that image.sh has built of it, because act would
# build that once more, and look whether it still can for every step.
cp -r "$work/clone" "$work/release"
sed -i "s|image: Dockerfile|image: docker://$IMAGE|" "$work/release/action.yml"

git init -q --initial-branch=main "$work/caller"
git -C "$work/caller" remote add origin https://github.com/octo-org/octo-repo.git
cp -r "$work/clone/examples/." "$work/caller"
git -C "$work/caller" add .
git -C "$work/caller" -c user.name=octocat -c user.email=octocat@example.com commit -q -m 'Use the action'

# run EVENT REPOSITORY WORKFLOW [FLAG...]: what act prints stays in $work/log, and no token is in it. The clients,
# and what stands in for tools that the job image has not, are first in the job's PATH.
run() {
  local event=$1 repository=$2 workflow=$3 status=0
  shift 3
  printf '\n-- %s\n' "$workflow"
  "$work/act" "$event" --directory "$work/$repository" --workflows "$workflow" --env-file "$work/environ" \
    --local-repository "org/aws-oidc-action@v1.0.0=$work/release" \
    --container-options "--volume $work/clients:/usr/local/bin:ro" \
    --platform ubuntu-latest="$JOB_IMAGE" --pull=false --action-offline-mode --network host --rm "$@" 2>&1 |
    tee "$work/log" || status=$?
  if grep -q 'eyJ' "$work/log"; then # how every token begins: {" in base64
    echo 'a token stands in the log'
    exit 1
  fi
  return "$status"
}

# expect COUNT TEXT: the text stands in so many lines of the log.
expect() {
  local count
  count=$(grep -cF -- "$2" "$work/log") || true
  if [ "$count" -ne "$1" ]; then
    printf 'expected %d times, found %d times: %s\n' "$1" "$count" "$2"
    exit 1
  fi
}

# What a workflow cannot check of itself is looked up in its log.
run push clone .ci/act/login.yml
expect 1 'secret key <***>, token <***>'
expect 1 '::set-env:: AWS_SECRET_ACCESS_KEY=***'
grep -qE '::set-env:: AWS_SECRET_ACCESS_KEY=$' "$work/log"

run push clone .ci/act/profiles.yml
expect 6 'the job has nothing of a login' # three jobs, before and after
expect 3 'aws_secret_access_key = ***'
expect 3 'aws_secret_access_key = '

run push caller .github/workflows/accounts.yml
expect 1 'deploying to eu-central-1 as arn:aws:sts::222222222222:assumed-role/deploy/'
expect 1 'deploying to eu-west-1 as arn:aws:sts::333333333333:assumed-role/deploy/'
expect 1 'deploying to us-east-1 as arn:aws:sts::444444444444:assumed-role/deploy/'

run push caller .github/workflows/infrastructure.yml
expect 1 'network arn:aws:sts::222222222222:assumed-role/deploy/'
expect 2 'workload arn:aws:sts::333333333333:assumed-role/deploy/' # terraform's second provider, and cdk

# act knows neither environments nor their variables, so here they are the repository's. It takes max-parallel
# and fail-fast for literal values, says that it cannot parse the expressions, and runs one job at a time.
run push caller .github/workflows/environments.yml \
  --var AWS_REGION=eu-central-1 --var AWS_REGION_PROD=us-east-1 \
  --var AWS_ROLE_TO_ASSUME_DEV=arn:aws:iam::222222222222:role/github-dev \
  --var AWS_ROLE_TO_ASSUME_STAGING=arn:aws:iam::333333333333:role/github-staging \
  --var AWS_ROLE_TO_ASSUME_PROD=arn:aws:iam::444444444444:role/github-prod
expect 1 'deploying to eu-central-1 as arn:aws:sts::222222222222:assumed-role/github-dev/'
expect 1 'deploying to eu-central-1 as arn:aws:sts::333333333333:assumed-role/github-staging/'
expect 1 'deploying to us-east-1 as arn:aws:sts::444444444444:assumed-role/github-prod/'
if run push caller .github/workflows/environments.yml --matrix environment:dev; then
  echo 'an environment without a role was deployed to'
  exit 1
fi
expect 1 '::error title=invalid-input::input aws-region: "no variable AWS_REGION" is not an AWS region'

run schedule caller .github/workflows/nightly.yml
printf '%s: arn:aws:iam::222222222222:role/%s\n' gone gone moved moved >>"$work/caller/.github/aws-profiles.yml"
if run schedule caller .github/workflows/nightly.yml; then
  echo 'profiles whose roles are gone passed the check'
  exit 1
fi
expect 1 '::error title='
grep -qE '::error title=profiles-failed::.*gone.*moved' "$work/log"

run schedule caller .github/workflows/trust.yml
sed -i 's/:environment:prod/:*/' "$work/caller/.github/trust-listing.json"
if run schedule caller .github/workflows/trust.yml; then
  echo 'a widened trust policy passed the check'
  exit 1
fi
grep -qF 'github-octo-repo-prod' "$work/log"
