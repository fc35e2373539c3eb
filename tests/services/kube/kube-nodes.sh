#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-nodes.sh DATADIR COUNT [PREFIX]
# Makes the fake nodes PREFIX-0 ... PREFIX-(COUNT-1) (default prefix fake-node)
# and waits until kwok has made them Ready.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 2 ] && [ $# -le 3 ] || die "usage: kube-nodes.sh DATADIR COUNT [PREFIX]"
count=$2 prefix=${3:-fake-node}
case $count in '' | *[!0-9]*) die "COUNT must be a number" ;; esac
need_bin
data_dir "$1"
pid_alive kwok || die "kwok does not run in $D; start it with kube-start.sh --kwok"

for i in $(seq 0 $((count - 1))); do
  printf '%s\n' '---' 'apiVersion: v1' 'kind: Node' "metadata: {name: $prefix-$i, labels: {kubernetes.io/hostname: $prefix-$i, kubernetes.io/os: linux, kubernetes.io/arch: amd64, type: kwok}}" \
    'status: {allocatable: {cpu: "32", memory: 256Gi, pods: "6000"}, capacity: {cpu: "32", memory: 256Gi, pods: "6000"}}'
done | kctl apply --server-side -f - >/dev/null
kctl wait --for=condition=Ready --timeout=60s node -l type=kwok >/dev/null
say "$count nodes Ready"
