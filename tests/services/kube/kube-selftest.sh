#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-selftest.sh [WORKDIR]
# Starts a cluster with 3 fake nodes on a free port and checks what the tests
# of a log agent lean on; about 30 s. Prints one line for each check and ends
# with 1 if one failed. Everything is stopped and removed at the end.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -le 1 ] || die "usage: kube-selftest.sh [WORKDIR]"
command -v jq >/dev/null || die "jq is not installed"
need_bin
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/kube-selftest.XXXXXX")
export QUIET=1
trap '"$KIT_DIR/kube-stop.sh" --purge "$work/d" || true; rm -rf "$work"' EXIT
fails=0
check() { # check NAME EXPECTED GOT
  if [ "$2" = "$3" ]; then printf 'ok    %s\n' "$1"
  else printf 'FAIL  %s: expected %s, got %s\n' "$1" "$2" "$3"; fails=$((fails + 1)); fi
}
"$KIT_DIR/kube-start.sh" --nodes 3 --audit 0 "$work/d"
data_dir "$work/d"
as() { # as TOKENDIR PATH [curl args]: the answer's body, with the token in there
  local t=$1 path=$2
  shift 2
  curl -sS --max-time 20 --cacert "$t/ca.crt" -H "Authorization: Bearer $(cat "$t/token")" "$KUBE_URL$path" "$@"
}
code() { as "$@" -o /dev/null -w '%{http_code}'; }

kctl apply -f - >/dev/null <<'YAML'
apiVersion: v1
kind: Namespace
metadata: {name: logging}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: agent, namespace: logging}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: nobody, namespace: logging}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: agent}
rules: [{apiGroups: [""], resources: [pods, namespaces], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: agent}
subjects: [{kind: ServiceAccount, name: agent, namespace: logging}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: logging}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      serviceAccountName: agent
      containers: [{name: agent, image: "example.test/agent:1", volumeMounts: [{name: log, mountPath: /var/log}]}]
      volumes: [{name: log, hostPath: {path: /var/log}}]
YAML
"$KIT_DIR/kube-token.sh" "$KUBE_DATA" logging agent "$work/agent"
"$KIT_DIR/kube-token.sh" "$KUBE_DATA" logging nobody "$work/nobody"

ds_ready() { [ "$(kctl -n logging get ds agent -o 'jsonpath={.status.numberReady}')" = 3 ]; }
wait_for 30 "the DaemonSet" ds_ready || true
check "DaemonSet: a Running pod on each of 3 fake nodes" 3 "$(kctl -n logging get ds agent -o 'jsonpath={.status.numberReady}')"
sel='fieldSelector=spec.nodeName%3Dfake-node-1'
check "agent lists the pods of its node" 1 "$(as "$work/agent" "/api/v1/pods?$sel" | jq '.items|length')"
check "agent gets its namespace" 200 "$(code "$work/agent" /api/v1/namespaces/logging)"
check "agent may not list secrets" 403 "$(code "$work/agent" /api/v1/secrets)"
check "agent may not list nodes" 403 "$(code "$work/agent" /api/v1/nodes)"
check "another ServiceAccount may not list pods" 403 "$(code "$work/nobody" /api/v1/pods)"
check "an unknown token" 401 "$(curl -sS --cacert "$KUBE_CA" -H 'Authorization: Bearer x' -o /dev/null -w '%{http_code}' "$KUBE_URL/api/v1/pods")"
"$KIT_DIR/kube-token.sh" --forge 0 "$KUBE_DATA" logging agent "$work/old"
check "an expired token" 401 "$(code "$work/old" /api/v1/pods)"

rv=$(as "$work/agent" "/api/v1/pods?$sel" | jq -r .metadata.resourceVersion)
as "$work/agent" "/api/v1/pods?watch=1&$sel&resourceVersion=$rv&timeoutSeconds=5" >"$work/watch" &
watcher=$!
sleep 0.5
for n in 1 2; do # one pod on the watched node, one on another
  kctl create -f - >/dev/null <<YAML
{apiVersion: v1, kind: Pod, metadata: {name: p$n, namespace: default, labels: {app: x}}, spec: {nodeName: fake-node-$n, containers: [{name: c, image: x}]}}
YAML
done
sleep 0.5
kctl label pod p1 app=y --overwrite >/dev/null
kctl delete pod p1 p2 --wait=false >/dev/null
wait "$watcher" || true
check "watch: only this node's pod, added to deleted" "ADDED p1 DELETED p1" \
  "$(jq -r '[.type, .object.metadata.name]|join(" ")' "$work/watch" | sed -n '1p;$p' | tr '\n' ' ' | sed 's/ $//')"
check "watch: the new label shows" y "$(jq -r 'select(.type=="MODIFIED").object.metadata.labels.app' "$work/watch" | tail -n 1)"
check "watch with initial events ends them with a bookmark" true \
  "$(as "$work/agent" "/api/v1/pods?watch=1&$sel&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=2" |
    jq -r 'select(.type=="BOOKMARK").object.metadata.annotations["k8s.io/initial-events-end"]' | head -n 1)"
kill -9 "$(cat "$KUBE_DATA/run/kube-apiserver.pid")"
"$KIT_DIR/kube-start.sh" --all --audit "$KUBE_PORT" "$KUBE_DATA"
check "resuming a watch after an apiserver crash and restart" 410 \
  "$(as "$work/agent" "/api/v1/pods?watch=1&resourceVersion=$rv&timeoutSeconds=2" | jq -r 'select(.type=="ERROR").object.code')"

kctl create ns strict >/dev/null
kctl label ns strict pod-security.kubernetes.io/enforce=restricted >/dev/null
kctl create --dry-run=server -f - >/dev/null 2>"$work/err" <<'YAML' || true
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: strict}, spec: {containers: [{name: c, image: x}], volumes: [{name: v, hostPath: {path: /}}]}}
YAML
check "PodSecurity restricted refuses a hostPath pod" 1 "$(grep -c 'violates PodSecurity' "$work/err" || true)"
kctl create --dry-run=server -f - >/dev/null 2>"$work/err" <<'YAML' || true
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: np, namespace: default}, spec: {podSelector: {}, egres: []}}
YAML
check "server dry run names an unknown field" 1 "$(grep -c 'unknown field "spec.egres"' "$work/err" || true)"
check "the audit log has the agent's calls" true \
  "$(jq -rs 'map(select(.user.username=="system:serviceaccount:logging:agent"))|length > 5' "$KUBE_DATA/audit.log")"
[ "$fails" -eq 0 ] || die "$fails checks failed"
printf 'all checks passed\n'
