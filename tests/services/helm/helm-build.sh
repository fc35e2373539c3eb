#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# helm-build.sh [--print]
# Builds helm from its Go module, once (about 2 CPU-minutes), into $TAILRACE_TEST_SERVICES_DIR
# (default ~/.cache/tailrace-test-services)/helm-VERSION/, and prints that folder. Go: as for ../kube/kube-build.sh.
set -euo pipefail
HELM_VERSION=v3.22.0
SERVICES_DIR=${TAILRACE_TEST_SERVICES_DIR:-$HOME/.cache/tailrace-test-services}
BIN=$SERVICES_DIR/helm-$HELM_VERSION
KUBE_KIT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../kube" && pwd)

[ "${1:-}" != --print ] && [ ! -x "$BIN/helm" ] || { printf '%s\n' "$BIN"; exit 0; }
[ $# -eq 0 ] || { echo "usage: helm-build.sh [--print]" >&2; exit 2; }
command -v go >/dev/null || { echo "helm-build.sh: go is not installed (Debian: golang-go)" >&2; exit 1; }
mkdir -p "$SERVICES_DIR"
exec 9>"$BIN.lock"
flock 9
[ -x "$BIN/helm" ] && { printf '%s\n' "$BIN"; exit 0; }
GO=$("$KUBE_KIT/kube-build.sh" --print-go)
echo "building helm $HELM_VERSION into $BIN" >&2
tmp=$(mktemp -d "$BIN.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
GOBIN=$tmp CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false \
  "$GO" install -p "${KUBE_BUILD_JOBS:-2}" -trimpath -ldflags '-s -w' "helm.sh/helm/v3/cmd/helm@$HELM_VERSION"
chmod 755 "$tmp"
rm -rf "$BIN"
mv "$tmp" "$BIN"
trap - EXIT
printf '%s\n' "$BIN"
