#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-token.sh [options] DATADIR NAMESPACE SERVICEACCOUNT OUTDIR
# Writes OUTDIR/{token,ca.crt,namespace}: what a pod sees under
# /var/run/secrets/kubernetes.io/serviceaccount. The ServiceAccount must exist.
#   --seconds N   lifetime asked for (default 3600; the apiserver takes 600 or more)
#   --forge N     no TokenRequest: sign a token here with the cluster's own key,
#                 refused (401) from N seconds on; 0: refused at once. A token
#                 the apiserver has already seen stays good up to 10 s longer.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=3600 forge=''
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?}; shift ;;
    --forge) forge=${2:?}; shift ;;
    -*) die "unknown option $1" ;;
    *) break ;;
  esac
  shift
done
[ $# -eq 4 ] || die "usage: kube-token.sh [--seconds N | --forge N] DATADIR NAMESPACE SERVICEACCOUNT OUTDIR"
ns=$2 sa=$3 out=$4
need_bin
data_dir "$1"
umask 077
mkdir -p "$out"
if [ -z "$forge" ]; then
  token=$(kctl create token -n "$ns" "$sa" --duration="${seconds}s") || die "no token for $ns/$sa"
else
  uid=$(kctl get sa -n "$ns" "$sa" -o 'jsonpath={.metadata.uid}') || die "no ServiceAccount $ns/$sa"
  b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
  now=$(date +%s) # the apiserver allows 60 s of clock skew: taken off below
  iss=https://kubernetes.default.svc.cluster.local
  head=$(printf '{"alg":"RS256","typ":"JWT"}' | b64)
  body=$(printf '{"iss":"%s","aud":["%s"],"sub":"system:serviceaccount:%s:%s","iat":%d,"nbf":%d,"exp":%d,"kubernetes.io":{"namespace":"%s","serviceaccount":{"name":"%s","uid":"%s"}}}' \
    "$iss" "$iss" "$ns" "$sa" $((now - 3600)) $((now - 3600)) $((now + forge - 60)) "$ns" "$sa" "$uid" | b64)
  token=$head.$body.$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$D/pki/sa.key" -binary | b64)
fi
printf '%s' "$token" >"$out/token.new" && mv "$out/token.new" "$out/token"
cp "$D/pki/ca.crt" "$out/ca.crt"
printf '%s' "$ns" >"$out/namespace"
