#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-start.sh [options] PORT DATADIR
# Starts a real Kubernetes API (etcd + kube-apiserver, RBAC, TLS) on
# 127.0.0.1:PORT with all its state in DATADIR, waits until it is ready and
# writes DATADIR/env (source it) and DATADIR/admin.kubeconfig.
#   PORT 0         pick a free port (see KUBE_PORT in DATADIR/env)
#   --controllers  also kube-controller-manager (default ServiceAccounts,
#                  DaemonSets, ReplicaSets, Jobs, namespace deletion, ...)
#   --scheduler    also kube-scheduler
#   --kwok         also kwok: fake nodes become Ready, their pods Running
#   --all          these three
#   --nodes N      --all, and N fake nodes fake-node-0 ... fake-node-(N-1)
#   --audit        one JSON line for each API call in DATADIR/audit.log
# Extra flags for the apiserver: KUBE_APISERVER_FLAGS="--a=b --c=d".
# Calling it again on a running DATADIR is fine: it adds what is missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { sed -n '3,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
kcm='' sched='' kwok='' audit='' nodes=0
while [ $# -gt 0 ]; do
  case $1 in
    --controllers) kcm=1 ;;
    --scheduler) sched=1 ;;
    --kwok) kwok=1 ;;
    --all) kcm=1 sched=1 kwok=1 ;;
    --nodes) kcm=1 sched=1 kwok=1; nodes=${2:?--nodes needs a number}; shift ;;
    --audit) audit=1 ;;
    -h | --help) usage ;;
    -*) die "unknown option $1 (see --help)" ;;
    *) break ;;
  esac
  shift
done
[ $# -eq 2 ] || usage
port=$1
case $port$nodes in *[!0-9]*) die "PORT and N must be numbers" ;; esac
for t in openssl curl flock setsid; do command -v "$t" >/dev/null || die "$t is not installed"; done
need_bin

umask 077
mkdir -p "$2"
D=$(cd "$2" && pwd)
# etcd listens on a Unix socket in there, and such a path has at most 107 bytes.
[ ${#D} -le 80 ] || die "DATADIR is too long for a Unix socket in it (over 80 characters): $D"
mkdir -p "$D/pki" "$D/log" "$D/run"
exec 8>"$D/run/lock"
flock -w 120 8 || die "another kube-start/kube-stop holds $D"

port_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
if pid_alive kube-apiserver; then
  was=$(sed -n 's/^export KUBE_PORT=//p' "$D/env")
  [ "$port" = 0 ] || [ "$port" = "$was" ] || die "$D already runs on port $was"
  port=$was
else
  if [ "$port" = 0 ]; then
    for _ in $(seq 50); do port=$((20000 + RANDOM % 12000)); port_free "$port" && break; done
  fi
  # a killed apiserver may hold it for a moment more
  QUIET=1 wait_for 3 "port $port" port_free "$port" || die "port $port is already in use on 127.0.0.1"
fi
KUBE_PORT=$port

# --- keys and certificates (kept between starts) ---------------------------
ca() { # the cluster's own certificate authority
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=kube-test-ca" \
    -addext "keyUsage=critical,keyCertSign,cRLSign,digitalSignature" \
    -keyout "$D/pki/ca.key" -out "$D/pki/ca.crt" 2>>"$D/log/openssl.log"
}
cert() { # cert NAME SUBJECT EXTENSION...
  local name=$1 subject=$2
  shift 2
  [ -s "$D/pki/$name.crt" ] && return
  printf '%s\n' "keyUsage=critical,digitalSignature" "$@" >"$D/pki/$name.ext"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" \
    -keyout "$D/pki/$name.key" -out "$D/pki/$name.csr" 2>>"$D/log/openssl.log"
  openssl x509 -req -in "$D/pki/$name.csr" -CA "$D/pki/ca.crt" -CAkey "$D/pki/ca.key" -CAcreateserial \
    -days 3650 -extfile "$D/pki/$name.ext" -out "$D/pki/$name.crt" 2>>"$D/log/openssl.log"
  rm -f "$D/pki/$name.csr" "$D/pki/$name.ext"
}
kubeconfig() { # kubeconfig FILE CERTNAME
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$port", certificate-authority: "$D/pki/ca.crt"}}]
users: [{name: user, user: {client-certificate: "$D/pki/$2.crt", client-key: "$D/pki/$2.key"}}]
contexts: [{name: test, context: {cluster: test, user: user}}]
current-context: test
YAML
}
{
  [ -s "$D/pki/ca.crt" ] || ca
  cert apiserver "/CN=kube-apiserver" extendedKeyUsage=serverAuth \
    subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  cert admin "/O=system:masters/CN=admin" extendedKeyUsage=clientAuth
  cert kube-controller-manager "/CN=system:kube-controller-manager" extendedKeyUsage=clientAuth
  cert kube-scheduler "/CN=system:kube-scheduler" extendedKeyUsage=clientAuth
  # RSA, so that kube-token.sh --forge can sign RS256 tokens with openssl alone
  [ -s "$D/pki/sa.key" ] || openssl genrsa -out "$D/pki/sa.key" 2048 2>>"$D/log/openssl.log"
} || die "making the certificates failed; see $D/log/openssl.log"
kubeconfig "$D/admin.kubeconfig" admin
kubeconfig "$D/run/kcm.kubeconfig" kube-controller-manager
kubeconfig "$D/run/scheduler.kubeconfig" kube-scheduler
cat >"$D/env" <<ENV
export KUBE_PORT=$port
export KUBE_URL=https://127.0.0.1:$port
export KUBE_CA='$D/pki/ca.crt'
export KUBE_DATA='$D'
export KUBE_BIN='$BIN'
export KUBECONFIG='$D/admin.kubeconfig'
export KUBECACHEDIR='$D/run/kubectl-cache'
ENV

# --- processes -------------------------------------------------------------
started=()
undo() {
  local rc=$? name
  [ $rc -eq 0 ] && return
  for name in "${COMPONENTS[@]}"; do
    case " ${started[*]} " in *" $name "*) stop_one "$name" ;; esac
  done
}
trap undo EXIT
launch() { # launch NAME args...: in the background, in its own session
  local name=$1
  shift
  say "starting $name"
  [ ! -s "$D/log/$name.log" ] || mv "$D/log/$name.log" "$D/log/$name.log.old"
  (cd "$D/run" && exec setsid "$BIN/$name" "$@" >>"$D/log/$name.log" 2>&1 </dev/null 8>&-) &
  echo $! >"$D/run/$name.pid"
  disown
  started+=("$name")
}
ready() { # ready NAME SECONDS command...: until the command succeeds
  local name=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    pid_alive "$name" || { tail -n 20 "$D/log/$name.log" >&2; die "$name ended while starting (log: $D/log/$name.log)"; }
    [ "$SECONDS" -lt "$end" ] || { tail -n 5 "$D/log/$name.log" >&2; die "$name is not ready in time (log: $D/log/$name.log)"; }
    sleep 0.1
  done
}
etcd_ok() { curl -sf --max-time 5 --unix-socket "$D/run/etcd.sock" http://etcd/health | grep -q '"health":"true"'; }
sa_ok() { api GET /api/v1/namespaces/default/serviceaccounts/default --fail; }
api_ok() { [ "$(api GET /readyz --max-time 5)" = ok ]; }

if ! pid_alive etcd; then
  rm -f "$D/run/etcd.sock" "$D/run/peer:1" # its two sockets (the peer one must look like host:port)
  launch etcd --name=test --data-dir="$D/etcd" \
    --listen-client-urls="unix://$D/run/etcd.sock" --advertise-client-urls=unix://client:1 \
    --listen-peer-urls=unix://peer:1 --initial-advertise-peer-urls=unix://peer:1 --initial-cluster=test=unix://peer:1 \
    --unsafe-no-fsync --quota-backend-bytes=4294967296 --log-level=warn
fi
ready etcd 60 etcd_ok

if ! pid_alive kube-apiserver; then
  flags=(--etcd-servers="unix://$D/run/etcd.sock"
    --bind-address=127.0.0.1 --secure-port="$port" --advertise-address=127.0.0.1 --endpoint-reconciler-type=none
    --tls-cert-file="$D/pki/apiserver.crt" --tls-private-key-file="$D/pki/apiserver.key" --client-ca-file="$D/pki/ca.crt"
    --service-account-issuer=https://kubernetes.default.svc.cluster.local
    --service-account-key-file="$D/pki/sa.key" --service-account-signing-key-file="$D/pki/sa.key"
    --service-cluster-ip-range=10.96.0.0/16 --authorization-mode=Node,RBAC --allow-privileged=true
    --enable-admission-plugins=NodeRestriction)
  # Nobody makes the "default" ServiceAccounts without the controller manager,
  # and this plugin would then refuse every pod.
  [ -n "$kcm" ] || flags+=(--disable-admission-plugins=ServiceAccount)
  if [ -n "$audit" ]; then
    printf '%s\n' 'apiVersion: audit.k8s.io/v1' 'kind: Policy' 'omitStages: [RequestReceived]' \
      'rules: [{level: Metadata}]' >"$D/run/audit-policy.yaml"
    flags+=(--audit-policy-file="$D/run/audit-policy.yaml" --audit-log-path="$D/audit.log" --audit-log-mode=blocking)
  fi
  # shellcheck disable=SC2086
  launch kube-apiserver "${flags[@]}" ${KUBE_APISERVER_FLAGS:-}
fi
ready kube-apiserver 120 api_ok

if [ -n "$kcm" ] && ! pid_alive kube-controller-manager; then
  launch kube-controller-manager --kubeconfig="$D/run/kcm.kubeconfig" --secure-port=0 --leader-elect=false \
    --service-account-private-key-file="$D/pki/sa.key" --root-ca-file="$D/pki/ca.crt" --use-service-account-credentials=true \
    --kube-api-qps=500 --kube-api-burst=1000
fi
if [ -n "$sched" ] && ! pid_alive kube-scheduler; then
  launch kube-scheduler --kubeconfig="$D/run/scheduler.kubeconfig" --secure-port=0 --leader-elect=false \
    --kube-api-qps=500 --kube-api-burst=1000
fi
if [ -n "$kwok" ] && ! pid_alive kwok; then
  # the leases of an earlier kwok would make this one wait until they run out
  api DELETE /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases >/dev/null
  launch kwok --kubeconfig="$D/admin.kubeconfig" --config="$KIT_DIR/kwok-stages.yaml" --manage-all-nodes=true \
    --cidr=10.244.0.0/16 --node-ip=10.0.0.10 --node-lease-duration-seconds=40
fi
if [ -n "$kcm" ]; then
  ready kube-controller-manager 60 sa_ok
fi
[ "$nodes" -eq 0 ] || QUIET=1 "$KIT_DIR/kube-nodes.sh" "$D" "$nodes"
say "ready: https://127.0.0.1:$port  (. $D/env)"
