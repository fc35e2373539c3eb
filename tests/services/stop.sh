#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stops the servers that the start scripts started with these data folders. Nothing running is no error.
#
# usage: stop.sh DATADIR...
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# -ge 1 ] || die "usage: stop.sh DATADIR..."

for dir in "$@"; do
    DATA=$(cd "$dir" 2>/dev/null && pwd) || continue
    if running; then
        pid=$(cat "$DATA/pid")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 100); do
            running || break
            sleep 0.1
        done
        if running; then
            log "pid $pid did not stop in 10 s; killing it"
            kill -9 "$pid" 2>/dev/null || true
        fi
    fi
    rm -f "$DATA/pid"
done
