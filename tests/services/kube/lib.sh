# SPDX-License-Identifier: Apache-2.0
# Shared by the kube-*.sh scripts; not run by itself.
# shellcheck shell=bash

KIT_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KUBE_VERSION=v1.36.3
# What the binary is made of names its folder, so another version never
# overwrites this one.
kit_key() { cat "$KIT_DIR"/kubekit/{go.mod,go.sum,main.go} | sha256sum | cut -c1-12; }
SERVICES_DIR=${TAILRACE_TEST_SERVICES_DIR:-$HOME/.cache/tailrace-test-services}

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
say() { [ -n "${QUIET:-}" ] || printf '%s\n' "$*" >&2; }

# bin_dir: the folder with kubekit and its symlinks (KUBEKIT_DIR overrides).
bin_dir() {
  if [ -n "${KUBEKIT_DIR:-}" ]; then printf '%s\n' "$KUBEKIT_DIR"
  else printf '%s/kube-%s-%s\n' "$SERVICES_DIR" "$KUBE_VERSION" "$(kit_key)"; fi
}
need_bin() {
  BIN=$(bin_dir)
  [ -x "$BIN/kubekit" ] || die "no kubekit in $BIN; run kube-build.sh first (or set KUBEKIT_DIR)"
}

# data_dir PATH: absolute, and it must be a folder kube-start.sh made.
data_dir() {
  [ -d "$1" ] || die "no such data folder: $1"
  D=$(cd "$1" && pwd)
  [ -f "$D/env" ] || die "$D was not made by kube-start.sh (no env file)"
  # shellcheck disable=SC1091
  . "$D/env"
}

# pid_alive NAME: the process of component NAME in $D still runs (and is ours,
# not another process that got the same number).
pid_alive() {
  local pid
  pid=$(cat "$D/run/$1.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] &&
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$D/" &&
    ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}

# In this order: an apiserver that loses its etcd first takes minutes to end.
COMPONENTS=(kwok kube-scheduler kube-controller-manager kube-apiserver etcd)
stop_one() {
  local name=$1 pid end=$((SECONDS + 20))
  if pid_alive "$name"; then
    pid=$(cat "$D/run/$name.pid")
    kill "$pid" 2>/dev/null || true
    while pid_alive "$name"; do
      if [ "$SECONDS" -ge "$end" ]; then
        say "$name (pid $pid) did not end in 20 s: killing it"
        kill -9 "$pid" 2>/dev/null || true
        sleep 0.5
        break
      fi
      sleep 0.05
    done
  fi
  rm -f "$D/run/$name.pid"
}

# api METHOD PATH [curl args]: a call to the apiserver as the cluster admin.
api() {
  local method=$1 path=$2
  shift 2
  curl -sS --max-time 30 --cacert "$D/pki/ca.crt" --cert "$D/pki/admin.crt" --key "$D/pki/admin.key" \
    -X "$method" "https://127.0.0.1:$KUBE_PORT$path" "$@"
}
kctl() { KUBECACHEDIR="$D/run/kubectl-cache" "$BIN/kubectl" --kubeconfig "$D/admin.kubeconfig" "$@"; }

# wait_for SECONDS WHAT command...: poll until the command succeeds.
wait_for() {
  local limit=$1 what=$2 end
  shift 2
  end=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { say "not ready after ${limit}s: $what"; return 1; }
    sleep 0.1
  done
}
