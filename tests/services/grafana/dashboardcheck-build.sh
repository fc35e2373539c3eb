#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dashboardcheck-build.sh [--print]
# Builds dashboardcheck (reads dashboards strictly by Grafana's published schema, its foundation SDK), once, into
# $TAILRACE_TEST_SERVICES_DIR (default ~/.cache/tailrace-test-services)/dashboardcheck-HASH/, and prints that folder.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/../build_once.sh"

build_into() {
  (cd "$HERE/dashboardcheck" && CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' \
    "$GO" build -p "${KUBE_BUILD_JOBS:-2}" -trimpath -ldflags '-s -w' -o "$1/dashboardcheck" .)
}

build_once "$SERVICES_DIR/dashboardcheck-$(cat "$HERE"/dashboardcheck/{go.mod,go.sum,main.go} | sha256sum | cut -c1-12)" \
  dashboardcheck "$@"
