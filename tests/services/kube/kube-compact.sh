#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-compact.sh DATADIR [REVISION]
# Compacts etcd up to REVISION (default: now). Watches from an older
# resourceVersion then get 410 Expired - at once if the apiserver was started
# with KUBE_APISERVER_FLAGS=--watch-cache=false; otherwise its own cache still
# answers (see README).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 1 ] && [ $# -le 2 ] || die "usage: kube-compact.sh DATADIR [REVISION]"
data_dir "$1"
pid_alive etcd || die "etcd does not run in $D"
etcd_call() { curl -sSf --max-time 30 --unix-socket "$D/run/etcd.sock" -X POST "http://etcd/v3/$1" -d "$2"; }
rev=${2:-$(etcd_call kv/range '{"key":"AA==","limit":"1"}' | sed -n 's/.*"revision":"\([0-9]*\)".*/\1/p')}
[ -n "$rev" ] || die "etcd gave no revision"
etcd_call kv/compaction "{\"revision\":\"$rev\",\"physical\":true}" >/dev/null || die "compaction to $rev refused (already compacted?)"
printf '%s\n' "$rev"
