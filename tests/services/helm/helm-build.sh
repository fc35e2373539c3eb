#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# helm-build.sh [--print]
# Builds helm from its Go module, once (about 2 CPU-minutes), into $TAILRACE_TEST_SERVICES_DIR
# (default ~/.cache/tailrace-test-services)/helm-VERSION/, and prints that folder. Go: as for ../kube/kube-build.sh.
set -euo pipefail
HELM_VERSION=v3.22.0
. "$(dirname "${BASH_SOURCE[0]}")/../build_once.sh"

build_into() {
  (cd "$1" && GOBIN=$1 CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false \
    "$GO" install -p "${KUBE_BUILD_JOBS:-2}" -trimpath -ldflags '-s -w' "helm.sh/helm/v3/cmd/helm@$HELM_VERSION")
}

build_once "$SERVICES_DIR/helm-$HELM_VERSION" helm "$@"
