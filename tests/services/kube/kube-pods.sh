#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-pods.sh DATADIR NAMESPACE COUNT [NODE...]
# Makes COUNT pods pod-0 ... in NAMESPACE (made if missing), spread over the
# NODEs given (default: all fake nodes), past the scheduler (spec.nodeName).
# Labels: app=app-<i mod 50>, team=team-<i mod 7>; annotation echo.io/index=<i>.
# Waits until kwok has all of them Running, if it runs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 3 ] || die "usage: kube-pods.sh DATADIR NAMESPACE COUNT [NODE...]"
ns=$2 count=$3
case $count in '' | *[!0-9]*) die "COUNT must be a number" ;; esac
need_bin
data_dir "$1"
shift 3
nodes=("$@")
[ ${#nodes[@]} -gt 0 ] || read -r -a nodes <<<"$(kctl get nodes -l type=kwok -o 'jsonpath={.items[*].metadata.name}')"
[ ${#nodes[@]} -gt 0 ] || die "no fake nodes; run kube-nodes.sh first or name the nodes"
kctl get ns "$ns" >/dev/null 2>&1 || kctl create ns "$ns" >/dev/null
if pid_alive kube-controller-manager; then
  wait_for 30 "the default ServiceAccount of $ns" kctl get sa -n "$ns" default || die "no default ServiceAccount in $ns"
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export CA="$D/pki/ca.crt" CRT="$D/pki/admin.crt" KEY="$D/pki/admin.key"
# One curl sends them all over a few connections, 16 at a time.
awk -v n="$count" -v list="${nodes[*]}" -v url="$KUBE_URL/api/v1/namespaces/$ns/pods" -v out="$tmp/out" 'BEGIN {
  k = split(list, node, " ")
  for (i = 0; i < n; i++) {
    if (i) print "next"
    printf "cacert = \"%s\"\ncert = \"%s\"\nkey = \"%s\"\n", ENVIRON["CA"], ENVIRON["CRT"], ENVIRON["KEY"]
    printf "url = \"%s\"\nheader = \"Content-Type: application/json\"\nsilent\noutput = \"/dev/null\"\nwrite-out = \"%%{http_code}\\n\"\n", url
    printf "data = \"{\\\"apiVersion\\\":\\\"v1\\\",\\\"kind\\\":\\\"Pod\\\",\\\"metadata\\\":{\\\"name\\\":\\\"pod-%d\\\",\\\"labels\\\":{\\\"app\\\":\\\"app-%d\\\",\\\"team\\\":\\\"team-%d\\\"},\\\"annotations\\\":{\\\"echo.io/index\\\":\\\"%d\\\"}},\\\"spec\\\":{\\\"nodeName\\\":\\\"%s\\\",\\\"containers\\\":[{\\\"name\\\":\\\"main\\\",\\\"image\\\":\\\"example.test/app:1\\\"}]}}\"\n", i, i % 50, i % 7, i, node[i % k + 1]
  }
}' >"$tmp/curl.conf" || die "awk failed"
curl --parallel --parallel-immediate --parallel-max 16 --no-progress-meter -K "$tmp/curl.conf" >"$tmp/codes" 2>"$tmp/err" || true
made=$(grep -c '^201$' "$tmp/codes" || true)
[ "$made" -eq "$count" ] || die "$made of $count pods made; answers: $(sort "$tmp/codes" | uniq -c | tr '\n' ' ') $(head -n 3 "$tmp/err")"
took=$SECONDS
if pid_alive kwok; then
  none_pending() { api GET "/api/v1/namespaces/$ns/pods?fieldSelector=status.phase%3DPending&limit=1" --fail | tr -d ' \n' | grep -q '"items":\[\]'; }
  wait_for 600 "all pods of $ns Running" none_pending || die "not all pods of $ns are Running"
fi
say "$count pods in $ns on ${#nodes[@]} nodes: made after ${took}s, Running after ${SECONDS}s"
