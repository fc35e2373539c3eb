#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts one Elasticsearch node on 127.0.0.1 and prints its URL.
#
# usage: elasticsearch-start.sh PORT DATADIR
#
# ES_VERSION            8.19.21 (default; JDK 17 or newer) or 9.5.3 (JDK 21 or newer)
# ES_SECURITY           off (default), basic (user and password over HTTP) or tls (the same over HTTPS)
#                       user tailrace, password tailrace-test; with tls the CA is DATADIR/certs/ca.pem
# FETCH_ONLY            1: fill the cache and start nothing
# TEST_SERVICE_HEAP     the Java heap, 512m by default
# TEST_SERVICE_JIT      quick (default: starts in half the time) or full (faster once warm: for benchmarks)
# TEST_SERVICE_JAVA_OPTS more options for java, blanks between them
# TEST_SERVICE_SETTINGS more lines for elasticsearch.yml, ';' between them: 'thread_pool.write.queue_size: 1'
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
check_args "$@"

version=${ES_VERSION:-8.19.21}
security=${ES_SECURITY:-off}
case $version in
    8.19.21) java_min=17 sha=215d5f3dbf0609a149f6218a9e47b6ae2df34ebbff3c5754e35f15a5e5393c8a ;;
    9.5.3) java_min=21 sha=bec49f3b8d00e75c8d1cec85c35298635ec9fbd3ae80ef5aeb6bc05abdb3db2d ;;
    *) java_min=21 sha=- ;;
esac
case $security in off | basic) scheme=http ;; tls) scheme=https ;; *) die "ES_SECURITY must be off, basic or tls" ;; esac
url=$scheme://127.0.0.1:$PORT

if running; then
    echo "$url"
    exit 0
fi
port_taken "$PORT" && die "port $PORT is taken"
pick_java "$java_min"

get_distribution() {
    fetch_zip "org.elasticsearch.distribution.integ-test-zip:elasticsearch:$version" "$sha" "$1"
    # What a test node never loads: the command-line tools, the APM agent, other platforms' libraries.
    (cd "$1" && rm -rf bin lib/tools modules/apm lib/platform/darwin-* lib/platform/windows-*)
    mkdir -p "$1/plugins"
    compile EsNode "$1/lib/*" "$1/test-main"
    compile EsExtras "$1/lib/*" "$1/extras-classes"
    mkdir "$1/modules/tailrace-extras"
    "$JAVA_BIN/jar" --create --file "$1/modules/tailrace-extras/tailrace-extras.jar" -C "$1/extras-classes" .
    rm -r "$1/extras-classes"
    printf '%s\n' 'name=tailrace-extras' 'description=what the test node lacks' 'version=1' "elasticsearch.version=$version" \
        "java.version=$java_min" 'classname=EsExtras' >"$1/modules/tailrace-extras/plugin-descriptor.properties"
}
name=elasticsearch-$version-$(source_hash elasticsearch-start.sh java/EsNode.java java/EsExtras.java)
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
    echo "transport.port: 0"
    echo "path.data: $DATA/data"
    echo "path.logs: $DATA/logs"
    echo "cluster.routing.allocation.disk.threshold_enabled: false"
    echo "action.destructive_requires_name: false"
    echo "xpack.security.autoconfiguration.enabled: false"
    if [ "$security" = off ]; then
        echo "xpack.security.enabled: false"
    else
        echo "xpack.security.enabled: true"
        echo "xpack.security.authc.realms.file.file1.order: 0"
        echo "xpack.security.authc.token.enabled: false"
        echo "xpack.security.authc.api_key.enabled: true"
        echo "xpack.security.transport.ssl.enabled: false"
    fi
    if [ "$security" = tls ]; then
        make_certs "$DATA/certs"
        mkdir -p "$DATA/config/certs"
        cp "$DATA"/certs/{ca.pem,server.pem,server.key} "$DATA/config/certs/"
        echo "xpack.security.http.ssl.enabled: true"
        echo "xpack.security.http.ssl.key: certs/server.key"
        echo "xpack.security.http.ssl.certificate: certs/server.pem"
        echo "xpack.security.http.ssl.certificate_authorities: certs/ca.pem"
        echo "xpack.security.http.ssl.client_authentication: optional"
    fi
    extra_settings
} >"$DATA/config/elasticsearch.yml"
cp "$home/config/roles.yml" "$home/config/role_mapping.yml" "$DATA/config/"
# Both passwords are tailrace-test. The user reader may read only, so that its writes get 403.
# shellcheck disable=SC2016  # the dollars are the hash's own
printf '%s\n' 'tailrace:$2a$10$YGMN1MOSkM83C7Tyfw3Jj.EbhEv0CUl8A2FimJqEQ34oWs8kiHEKW' 'reader:$2a$10$YGMN1MOSkM83C7Tyfw3Jj.EbhEv0CUl8A2FimJqEQ34oWs8kiHEKW' >"$DATA/config/users"
printf '%s\n' 'superuser:tailrace' 'viewer:reader' >"$DATA/config/users_roles"

# Without the built-in roles' index, which comes up after the node and answers the first requests with 503.
java_daemon 512m -Des.path.home="$home" -Des.distribution.type=zip -Dlog4j.shutdownHookEnabled=false \
    -Des.queryable_built_in_roles_enabled=false \
    -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true \
    --module-path="$home/lib" --add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH \
    --add-opens=org.elasticsearch.server/org.elasticsearch.http=ALL-UNNAMED -cp "$home/test-main" EsNode "$DATA/config"

curl_opts=(-s -f -o /dev/null --max-time 5)
[ "$security" = off ] || curl_opts+=(-u tailrace:tailrace-test)
[ "$security" != tls ] || curl_opts+=(--cacert "$DATA/certs/ca.pem")
wait_ready Elasticsearch curl "${curl_opts[@]}" "$url/_cluster/health"
echo "$url"
