# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that build a Go program for the tests, once, into a folder of the cache.

SERVICES_DIR=${TAILRACE_TEST_SERVICES_DIR:-$HOME/.cache/tailrace-test-services}
KUBE_BUILD=$(cd "$(dirname "${BASH_SOURCE[0]}")/kube" && pwd)/kube-build.sh

# build_once BIN PROGRAM [--print]: prints the folder BIN once it holds PROGRAM, or with --print at once. What is missing
# is made by the caller's function build_into FOLDER, with $GO; of callers at the same time one builds, the others wait.
build_once() {
  local bin=$1 program=$2 name
  name=$(basename "$0")
  shift 2
  [ "${1:-}" != --print ] && [ ! -x "$bin/$program" ] || { printf '%s\n' "$bin"; return 0; }
  [ $# -eq 0 ] || { echo "usage: $name [--print]" >&2; return 2; }
  command -v go >/dev/null || { echo "$name: go is not installed (Debian: golang-go)" >&2; return 1; }
  mkdir -p "$SERVICES_DIR"
  exec 9>"$bin.lock"
  flock 9
  [ -x "$bin/$program" ] && { printf '%s\n' "$bin"; return 0; }
  GO=$("$KUBE_BUILD" --print-go)
  echo "building $program into $bin" >&2
  tmp=$(mktemp -d "$bin.tmp.XXXXXX")
  trap 'rm -rf "$tmp"' EXIT
  build_into "$tmp"
  chmod 755 "$tmp"
  rm -rf "$bin"
  mv "$tmp" "$bin"
  trap - EXIT
  printf '%s\n' "$bin"
}
