# shellcheck shell=bash
# Sourced by the scripts that run workflows with act against the sandbox: makes the directory $work, with act and
# the program in it, and starts the sandbox.
work=$(mktemp -d)
sandbox=     # process ids
registry=    # of a script that starts one
act_flags=() # of a script that needs more of them

clean_up() {
  local process
  for process in $sandbox $registry; do
    kill "$process" || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

GOBIN="$work" go install github.com/nektos/act@v0.2.89
go build -o "$work/aws-oidc-action" .
version=$(.ci/version.sh)

exec {environ}< <(exec "$work/aws-oidc-action" sandbox ci/testdata/landing-zone.yml)
sandbox=$!
while read -r variable <&"$environ" && [ -n "$variable" ]; do
  case $variable in
    ACTIONS_ID_TOKEN_* | AWS_ENDPOINT_URL_STS=*) echo "$variable" ;;
  esac
done >"$work/environ"

# make_repository DIRECTORY NAME: the files in the directory become a repository that GitHub would know by the
# name. act takes `uses: actions/checkout` of the repository that origin names to mean the folder that it works in.
make_repository() {
  git -C "$work/$1" init -q --initial-branch=main
  git -C "$work/$1" remote add origin "https://github.com/$2.git"
  git -C "$work/$1" add .
  git -C "$work/$1" -c user.name=octocat -c user.email=octocat@example.com commit -q -m 'Use the action'
}

# run EVENT REPOSITORY WORKFLOW [FLAG...]: what act prints stays in $work/log, and no token is in it. A workflow
# that uses the action by its version runs what is in $work/release.
run() {
  local event=$1 repository=$2 workflow=$3 status=0
  shift 3
  printf '\n-- %s\n' "$workflow"
  "$work/act" "$event" --directory "$work/$repository" --workflows "$workflow" --env-file "$work/environ" \
    --local-repository "org/aws-oidc-action@$version=$work/release" \
    --platform ubuntu-latest="$JOB_IMAGE" --pull=false --action-offline-mode --network host --rm \
    "${act_flags[@]}" "$@" 2>&1 |
    tee "$work/log" || status=$?
  if grep -q 'eyJ' "$work/log"; then # how every token begins: {" in base64
    echo 'the log contains a token'
    exit 1
  fi
  return "$status"
}

# expect COUNT TEXT: so many lines of the log contain the text.
expect() {
  local count
  count=$(grep -cF -- "$2" "$work/log") || true
  if [ "$count" -ne "$1" ]; then
    printf 'expected %d times, found %d times: %s\n' "$1" "$count" "$2"
    exit 1
  fi
}

# expect_login: login.yml logged in, its keys were masked, and the post step removed them.
expect_login() {
  expect 1 'secret key <***>, token <***>'
  expect 1 '::set-env:: AWS_SECRET_ACCESS_KEY=***'
  grep -qE '::set-env:: AWS_SECRET_ACCESS_KEY=$' "$work/log"
}
