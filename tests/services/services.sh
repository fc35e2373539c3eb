#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The real servers of the tests by name, for `./dev services`.
#
# usage: services.sh fetch [NAME...]   download and build what is needed to start them (all by default)
#        services.sh start NAME        start one, print its address; again: print it again
#        services.sh stop [NAME...]    stop (all by default) and remove their data
#        services.sh status            what runs, and where
#
# NAME: elasticsearch, opensearch, kafka, kube, elasticsearch9, opensearch3, elasticsearch6
set -euo pipefail
KIT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RUN_DIR=${TAILRACE_SERVICES_RUN_DIR:-/tmp/tailrace-services-$(id -u)}
NAMES=(elasticsearch opensearch kafka kube elasticsearch9 opensearch3 elasticsearch6)

die() { printf 'services: %s\n' "$*" >&2; exit 1; }

# settings NAME: sets script, port and the environment that picks the version.
settings() {
    case $1 in
        elasticsearch) script=elasticsearch-start.sh port=19200 ;;
        elasticsearch9) script=elasticsearch-start.sh port=19201; export ES_VERSION=9.5.3 ;;
        elasticsearch6) script=elasticsearch6-start.sh port=19202 ;;
        opensearch) script=opensearch-start.sh port=19203; export OPENSEARCH_VERSION=2.19.4 ;;
        opensearch3) script=opensearch-start.sh port=19204; export OPENSEARCH_VERSION=3.8.0 ;;
        kafka) script=kafka-start.sh port=19205 ;;
        kube) script=kube/kube-start.sh port=19215 ;;
        *) die "no service '$1'; there are: ${NAMES[*]}" ;;
    esac
}

fetch() {
    local name failed=0
    for name in "$@"; do
        if (
            settings "$name"
            if [ "$name" = kube ]; then "$KIT/kube/kube-build.sh" >/dev/null
            else mkdir -p "$RUN_DIR" && FETCH_ONLY=1 "$KIT/$script" "$port" "$RUN_DIR/$name"; fi
        ); then printf '%-16s ready\n' "$name"
        else printf '%-16s cannot be had, see above\n' "$name"; failed=1; fi
    done
    return "$failed"
}

start() {
    settings "$1"
    mkdir -p "$RUN_DIR"
    if [ "$1" = kube ]; then
        "$KIT/kube/kube-build.sh" >/dev/null
        "$KIT/kube/kube-start.sh" --nodes 3 --audit "$port" "$RUN_DIR/$1"
        echo "https://127.0.0.1:$port (. $RUN_DIR/$1/env)"
    else
        "$KIT/$script" "$port" "$RUN_DIR/$1"
    fi
}

stop() {
    local name
    for name in "$@"; do
        [ -d "$RUN_DIR/$name" ] || continue
        if [ "$name" = kube ]; then "$KIT/kube/kube-stop.sh" --purge "$RUN_DIR/$name"
        else "$KIT/stop.sh" "$RUN_DIR/$name" && rm -rf "${RUN_DIR:?}/$name"; fi
    done
}

status() {
    local name pid
    for name in "${NAMES[@]}"; do
        pid=$(cat "$RUN_DIR/$name/pid" "$RUN_DIR/$name/run/kube-apiserver.pid" 2>/dev/null || true)
        if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
            (settings "$name"; printf '%-16s runs, port %s, pid %s, %s\n' "$name" "$port" "$pid" "$RUN_DIR/$name")
        else
            printf '%-16s down\n' "$name"
        fi
    done
}

verb=${1:-}
[ $# -eq 0 ] || shift
case $verb in
    fetch) if [ $# -eq 0 ]; then fetch "${NAMES[@]}"; else fetch "$@"; fi ;;
    start) [ $# -eq 1 ] || die "usage: services.sh start NAME"; start "$1" ;;
    stop) if [ $# -eq 0 ]; then stop "${NAMES[@]}"; else stop "$@"; fi ;;
    status) status ;;
    *) die "usage: services.sh fetch|start|stop|status [NAME...]" ;;
esac
