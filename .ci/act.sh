#!/usr/bin/env bash
# Runs workflows as their users write them, with act, against the sandbox: those of .ci/act in a clone of this
# repository, those of examples in a repository of their own. What is tested is the last commit.
set -euo pipefail
. "$(dirname "$0")/env.sh"
. .ci/workflows.sh

# Replacements for tools that the job image lacks are first in the job's PATH, and so are the clients.
mkdir "$work/clients"
.ci/clients/build.sh "$work/clients"
act_flags=(--container-options "--volume $work/clients:/usr/local/bin:ro")

# For every `uses: ./` act sends the whole folder to Docker, so the history stays out of it.
git clone -q --depth 1 "file://$PWD" "$work/clone"
git -C "$work/clone" remote set-url origin https://github.com/org/aws-oidc-action.git

# What others use by its name is the same tree with the image that image.sh has built of it, because act would
# build that once more, and look whether it still can for every step.
cp -r "$work/clone" "$work/release"
sed -i "s|image: Dockerfile|image: docker://$IMAGE|" "$work/release/action.yml"

mkdir "$work/caller"
cp -r "$work/clone/examples/." "$work/caller"
make_repository caller octo-org/octo-repo

# What a workflow cannot check of itself is looked up in its log.
run push clone .ci/act/login.yml
expect_login

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
