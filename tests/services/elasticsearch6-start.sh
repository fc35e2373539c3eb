#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts one Elasticsearch 6.8.23 node on 127.0.0.1 and prints its URL: for index lifecycle management (_ilm), which no
# newer distribution on Maven Central has. It looks for due rollovers and deletions every second. Its bulk API still
# wants a _type, and it has neither data streams nor composable templates: for all else use elasticsearch-start.sh.
#
# usage: elasticsearch6-start.sh PORT DATADIR
#
# FETCH_ONLY, TEST_SERVICE_HEAP, TEST_SERVICE_JIT, TEST_SERVICE_JAVA_OPTS, TEST_SERVICE_SETTINGS: as in elasticsearch-start.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
check_args "$@"

version=6.8.23
url=http://127.0.0.1:$PORT

if running; then
    echo "$url"
    exit 0
fi
port_taken "$PORT" && die "port $PORT is taken"
pick_java 17

get_distribution() {
    fetch_zip "org.elasticsearch.distribution.zip:elasticsearch:$version" 490e9b9fbab9ffb3499938c45850318bd6554d439497842450b60ef22c114fb6 "$1"
    # What a test node never loads.
    (cd "$1" && rm -rf bin lib/tools)
    find "$1/modules" -mindepth 1 -maxdepth 1 ! -name transport-netty4 ! -name x-pack-core ! -name x-pack-ilm \
        ! -name analysis-common ! -name lang-painless ! -name mapper-extras ! -name reindex -exec rm -r {} +
    mkdir -p "$1/plugins"
    compile Es6Node "$1/lib/*" "$1/test-main"
}
name=elasticsearch-$version-$(source_hash elasticsearch6-start.sh java/Es6Node.java)
cached "$name" get_distribution
home=$CACHE_DIR/$name
fetch_only

mkdir -p "$DATA/config" "$DATA/data" "$DATA/logs" "$DATA/tmp"
cp "$KIT_DIR/log4j2.properties" "$DATA/config/"
{
    echo "cluster.name: test"
    echo "node.name: node-1"
    echo "discovery.type: single-node"
    echo "network.host: 127.0.0.1"
    echo "http.port: $PORT"
    echo "transport.tcp.port: 0"
    echo "path.data: $DATA/data"
    echo "path.logs: $DATA/logs"
    echo "cluster.routing.allocation.disk.threshold_enabled: false"
    echo "indices.lifecycle.poll_interval: 1s"
    extra_settings
} >"$DATA/config/elasticsearch.yml"

java_daemon 512m -Des.path.home="$home" -Des.distribution.flavor=default -Des.distribution.type=zip \
    -Dlog4j.shutdownHookEnabled=false -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true \
    -Dio.netty.recycler.maxCapacityPerThread=0 -cp "$home/test-main:$home/lib/*" Es6Node "$DATA/config"

wait_ready Elasticsearch curl -s -f -o /dev/null --max-time 5 "$url/_cluster/health"
echo "$url"
