#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-build.sh [--print|--print-go]
# Builds kubekit (etcd + kube-apiserver + kube-controller-manager +
# kube-scheduler + kubectl + kwok, one binary) from Go modules, once.
# It lands in $TAILRACE_TEST_SERVICES_DIR (default ~/.cache/tailrace-test-services)
# /kube-<version>-<hash>/; later calls return at once. --print: only say where.
# --print-go: only say which go command builds it, fetched if need be.
# KUBE_BUILD_JOBS (default 2): how many packages compile at a time.
# Wants Go 1.26; with an older one (1.16 or newer, as Debian's golang-go) it
# fetches the toolchain itself as the Go module golang.org/toolchain.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BIN=$(bin_dir)
[ "${1:-}" = --print ] && { printf '%s\n' "$BIN"; exit 0; }
only_go=''
[ "${1:-}" = --print-go ] && { only_go=1; shift; }
[ $# -eq 0 ] || die "usage: kube-build.sh [--print|--print-go]"
[ -z "$only_go" ] && [ -x "$BIN/kubekit" ] && { printf '%s\n' "$BIN"; exit 0; }
command -v go >/dev/null || die "go is not installed (Debian: golang-go)"
mkdir -p "$(dirname "$BIN")"
exec 9>"$BIN.lock"
flock 9                                   # one build, however many callers
[ -z "$only_go" ] && [ -x "$BIN/kubekit" ] && { printf '%s\n' "$BIN"; exit 0; }

# pick_go: sets GO to a go command of version 1.26 or newer, fetched if need be.
TOOLCHAIN=v0.0.1-go1.26.8.linux-$(dpkg --print-architecture 2>/dev/null || echo amd64)
pick_go() {
  local have dir
  have=$(GOTOOLCHAIN=local go env GOVERSION)
  GO=go
  [ "$(printf '%s\n' go1.26 "$have" | sort -V | head -n 1)" != go1.26 ] || return 0
  dir=$SERVICES_DIR/$TOOLCHAIN
  GO=$dir/bin/go
  [ -x "$GO" ] && return 0
  say "$have is too old; fetching golang.org/toolchain@$TOOLCHAIN"
  # In a folder without a go.mod. The checksum database vouches for what comes.
  (cd "$SERVICES_DIR" && GOMODCACHE="$SERVICES_DIR/.gomod" GOFLAGS=-modcacherw GO111MODULE=on \
    go mod download "golang.org/toolchain@$TOOLCHAIN") || die "no newer Go is to be had from the module proxy"
  # Module zips carry no execute bits and no go.mod files below the top.
  find "$SERVICES_DIR/.gomod/golang.org/toolchain@$TOOLCHAIN" -name _go.mod -execdir mv _go.mod go.mod \;
  chmod -R u+x "$SERVICES_DIR/.gomod/golang.org/toolchain@$TOOLCHAIN"/{bin,pkg/tool}
  mv "$SERVICES_DIR/.gomod/golang.org/toolchain@$TOOLCHAIN" "$dir"
  rm -rf "$SERVICES_DIR/.gomod"
}
pick_go
[ -n "$only_go" ] && { command -v "$GO"; exit 0; }

say "building kubekit $KUBE_VERSION into $BIN (about 13 CPU-minutes the first time, 2.4 GiB of memory to link)"
tmp=$(mktemp -d "$BIN.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
pkg=k8s.io/component-base/version
minor=${KUBE_VERSION#v1.}
ld="-s -w -X $pkg.gitVersion=$KUBE_VERSION -X $pkg.gitMajor=1 -X $pkg.gitMinor=${minor%%.*} -X $pkg.gitTreeState=clean"
ld="$ld -X k8s.io/client-go/pkg/version.gitVersion=$KUBE_VERSION"
(cd "$KIT_DIR/kubekit" &&
  CGO_ENABLED=0 GOWORK=off GOFLAGS='-mod=readonly -buildvcs=false' GOTOOLCHAIN=local \
    "$GO" build -p "${KUBE_BUILD_JOBS:-2}" -trimpath -ldflags "$ld" -o "$tmp/kubekit" .) || die "the build failed"
for t in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok; do ln -s kubekit "$tmp/$t"; done
"$tmp/kubekit" versions >"$tmp/versions.txt"
chmod 755 "$tmp"
rm -rf "$BIN"
mv "$tmp" "$BIN"
trap - EXIT
printf '%s\n' "$BIN"
