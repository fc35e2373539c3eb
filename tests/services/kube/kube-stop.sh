#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kube-stop.sh [--purge] DATADIR
# Stops what kube-start.sh started there (only those processes, by their
# number); with --purge the folder goes too. Nothing running is not an error.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

purge=''
[ "${1:-}" = --purge ] && { purge=1; shift; }
[ $# -eq 1 ] || die "usage: kube-stop.sh [--purge] DATADIR"
[ -d "$1" ] || { say "no such data folder: $1 (nothing to stop)"; exit 0; }
D=$(cd "$1" && pwd)
[ -d "$D/run" ] && [ -d "$D/pki" ] || die "$D was not made by kube-start.sh"
exec 8>"$D/run/lock"
flock -w 120 8 || die "another kube-start/kube-stop holds $D"

for name in "${COMPONENTS[@]}"; do stop_one "$name"; done
if [ -n "$purge" ]; then rm -rf "$D"; fi
say "stopped"
