# shellcheck shell=bash
# Sourced: start_registry DIRECTORY starts a registry that keeps its content there, and sets $registry to its
# process id and $registry_host to its address. Docker takes a registry on loopback without TLS.
# shellcheck disable=SC2034 # both variables are for the script that sources this
start_registry() {
  mkdir -p "$1/data"
  cat >"$1/config.yml" <<CONFIG
version: 0.1
storage: {filesystem: {rootdirectory: $1/data}}
http: {addr: "127.0.0.1:0", host: "", headers: {}}
CONFIG
  docker-registry serve "$1/config.yml" >"$1/log" 2>&1 &
  registry=$!
  # shellcheck disable=SC2016 # the inner bash expands $1
  timeout 30 bash -c 'until grep -q "listening on" "$1"; do sleep 0.1; done' - "$1/log"
  registry_host=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$1/log")
}
