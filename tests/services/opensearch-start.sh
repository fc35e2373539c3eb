#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts one OpenSearch node on 127.0.0.1 and prints its URL.
#
# usage: opensearch-start.sh PORT DATADIR
#
# OPENSEARCH_VERSION    3.8.0 (default without security; JDK 21 or newer) or 2.19.4 (JDK 17 or newer)
# OPENSEARCH_SECURITY   off (default), basic (user and password over HTTP) or tls (the same over HTTPS): the security
#                       plugin, which is to be had for 2.19.4 only
#                       user tailrace, password tailrace-test; with tls the CA is DATADIR/certs/ca.pem
# FETCH_ONLY            1: fill the cache and start nothing
# TEST_SERVICE_HEAP     the Java heap, 512m by default
# TEST_SERVICE_JIT      quick (default: starts in half the time) or full (faster once warm: for benchmarks)
# TEST_SERVICE_JAVA_OPTS more options for java, blanks between them
# TEST_SERVICE_SETTINGS more lines for opensearch.yml, ';' between them: 'thread_pool.write.queue_size: 1'
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
check_args "$@"

security=${OPENSEARCH_SECURITY:-off}
case $security in
    off) scheme=http version=${OPENSEARCH_VERSION:-3.8.0} ;;
    basic) scheme=http version=${OPENSEARCH_VERSION:-2.19.4} ;;
    tls) scheme=https version=${OPENSEARCH_VERSION:-2.19.4} ;;
    *) die "OPENSEARCH_SECURITY must be off, basic or tls" ;;
esac
case $version in
    3.8.0) java_min=21 sha=196c3cf4602c394f2e40e6174ccbf2a924eae37246f08fa6bbb6b75f9fd5ff1f ;;
    2.19.4) java_min=17 sha=3902e642715210d1d9d7cbdcc8f5abd6f931d1d7a679cea3750937becf16c406 ;;
    *) die "OPENSEARCH_VERSION must be 3.8.0 or 2.19.4" ;;
esac
[ "$security" = off ] || [ "$version" = 2.19.4 ] || die "the security plugin is to be had for OpenSearch 2.19.4 only"
url=$scheme://127.0.0.1:$PORT

if running; then
    echo "$url"
    exit 0
fi
port_taken "$PORT" && die "port $PORT is taken"
pick_java "$java_min"

security_sha=1f673622c462c4171a8c53f9b1ad20e5b839834cb79b0d3b388da180a0e514e8
get_distribution() {
    fetch_zip "org.opensearch.distribution.integ-test-zip:opensearch:$version" "$sha" "$1"
    # What a test node never loads.
    (cd "$1" && rm -rf bin agent lib/tools)
    find "$1/modules" -mindepth 1 -maxdepth 1 ! -name transport-netty4 ! -name analysis-common ! -name mapper-extras \
        ! -name reindex ! -name ingest-common ! -name lang-painless -exec rm -r {} +
    compile OsNode "$1/lib/*" "$1/test-main"
    mkdir -p "$1/plugins"
    if [ "$security" != off ]; then
        fetch_zip "org.opensearch.plugin:opensearch-security:$version.0" "$security_sha" "$1/plugins/opensearch-security"
    fi
}
name=opensearch-$version-$(source_hash opensearch-start.sh java/OsNode.java)
[ "$security" = off ] || name+=-security
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
    if [ "$security" != off ]; then
        make_certs "$DATA/certs"
        mkdir -p "$DATA/config/certs"
        cp "$DATA"/certs/{ca.pem,server.pem,server.key} "$DATA/config/certs/"
        for layer in transport http; do
            echo "plugins.security.ssl.$layer.pemcert_filepath: certs/server.pem"
            echo "plugins.security.ssl.$layer.pemkey_filepath: certs/server.key"
            echo "plugins.security.ssl.$layer.pemtrustedcas_filepath: certs/ca.pem"
        done
        echo "plugins.security.ssl.transport.enforce_hostname_verification: false"
        echo "plugins.security.ssl.http.enabled: $([ "$security" = tls ] && echo true || echo false)"
        echo "plugins.security.nodes_dn: ['CN=localhost']"
        echo "plugins.security.allow_default_init_securityindex: true"
        mkdir -p "$DATA/config/opensearch-security"
        cp "$home"/plugins/opensearch-security/config/*.yml "$DATA/config/opensearch-security/"
        # Both passwords are tailrace-test. The user reader may read only, so that its writes get 403.
        cat >"$DATA/config/opensearch-security/internal_users.yml" <<'EOF'
_meta: {type: internalusers, config_version: 2}
tailrace: {hash: $2a$10$YGMN1MOSkM83C7Tyfw3Jj.EbhEv0CUl8A2FimJqEQ34oWs8kiHEKW, backend_roles: [admin]}
reader: {hash: $2a$10$YGMN1MOSkM83C7Tyfw3Jj.EbhEv0CUl8A2FimJqEQ34oWs8kiHEKW, backend_roles: [readall]}
EOF
    fi
    extra_settings
} >"$DATA/config/opensearch.yml"

java_daemon 512m -Dopensearch.path.home="$home" -Dopensearch.distribution.type=zip -Dlog4j.shutdownHookEnabled=false \
    -Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true \
    --enable-native-access=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED \
    -cp "$home/test-main:$home/lib/*" OsNode "$DATA/config"

curl_opts=(-s -f -o /dev/null --max-time 5)
[ "$security" = off ] || curl_opts+=(-u tailrace:tailrace-test)
[ "$security" != tls ] || curl_opts+=(--cacert "$DATA/certs/ca.pem")
wait_ready OpenSearch curl "${curl_opts[@]}" "$url/_cluster/health"
echo "$url"
