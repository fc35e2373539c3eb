#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-status.sh DATADIR
# One line for each component: up or down, pid, resident memory. Ends with 1 if
# the apiserver is not ready.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -eq 1 ] || die "usage: kube-status.sh DATADIR"
data_dir "$1"
for name in "${COMPONENTS[@]}"; do
  if pid_alive "$name"; then
    pid=$(cat "$D/run/$name.pid")
    printf '%-24s up    pid %-7s %5d MiB\n' "$name" "$pid" $(($(awk '/^VmRSS/{print $2}' "/proc/$pid/status") / 1024))
  else
    printf '%-24s down\n' "$name"
  fi
done
[ "$(api GET /readyz --max-time 5 2>/dev/null)" = ok ] && printf 'ready: %s\n' "$KUBE_URL" || { printf 'not ready: %s\n' "$KUBE_URL"; exit 1; }
