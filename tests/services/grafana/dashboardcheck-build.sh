#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dashboardcheck-build.sh [--print]
# Builds dashboardcheck (reads dashboards strictly by Grafana's published schema, its foundation SDK), once, into
# $TAILRACE_TEST_SERVICES_DIR (default ~/.cache/tailrace-test-services)/dashboardcheck-HASH/, and prints that folder.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SERVICES_DIR=${TAILRACE_TEST_SERVICES_DIR:-$HOME/.cache/tailrace-test-services}
BIN=$SERVICES_DIR/dashboardcheck-$(cat "$HERE"/dashboardcheck/{go.mod,go.sum,main.go} | sha256sum | cut -c1-12)

[ "${1:-}" != --print ] && [ ! -x "$BIN/dashboardcheck" ] || { printf '%s\n' "$BIN"; exit 0; }
[ $# -eq 0 ] || { echo "usage: dashboardcheck-build.sh [--print]" >&2; exit 2; }
command -v go >/dev/null || { echo "dashboardcheck-build.sh: go is not installed (Debian: golang-go)" >&2; exit 1; }
mkdir -p "$SERVICES_DIR"
exec 9>"$BIN.lock"
flock 9
[ -x "$BIN/dashboardcheck" ] && { printf '%s\n' "$BIN"; exit 0; }
GO=$("$HERE/../kube/kube-build.sh" --print-go)
echo "building dashboardcheck into $BIN" >&2
tmp=$(mktemp -d "$BIN.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
(cd "$HERE/dashboardcheck" && CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' \
  "$GO" build -p "${KUBE_BUILD_JOBS:-2}" -trimpath -ldflags '-s -w' -o "$tmp/dashboardcheck" .)
chmod 755 "$tmp"
rm -rf "$BIN"
mv "$tmp" "$BIN"
trap - EXIT
printf '%s\n' "$BIN"
