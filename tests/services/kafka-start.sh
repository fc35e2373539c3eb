#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts one Kafka broker (4.3.1, KRaft, no ZooKeeper) on 127.0.0.1 and prints its bootstrap address.
#
# usage: kafka-start.sh PORT DATADIR
#
# PORT is the plain listener and PORT+1 the controller's. Topics are made when first used, with one partition.
# KAFKA_SECURITY        off (default) or all: further listeners, at PORT+2 with SASL, at PORT+3 with TLS, at PORT+4 with
#                       both. SASL mechanisms PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512; user tailrace, password
#                       tailrace-test; the CA is DATADIR/certs/ca.pem
# FETCH_ONLY            1: fill the cache and start nothing
# TEST_SERVICE_HEAP     the Java heap, 256m by default
# TEST_SERVICE_JIT      quick (default: starts in half the time) or full (faster once warm: for benchmarks)
# TEST_SERVICE_JAVA_OPTS more options for java, blanks between them
# TEST_SERVICE_SETTINGS more lines for server.properties, ';' between them: 'num.partitions=3;message.max.bytes=65536'
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
check_args "$@"

security=${KAFKA_SECURITY:-off}
case $security in off | all) ;; *) die "KAFKA_SECURITY must be off or all" ;; esac
address=127.0.0.1:$PORT

if running; then
    echo "$address"
    exit 0
fi
for port in "$PORT" $((PORT + 1)); do
    port_taken "$port" && die "port $port is taken"
done
pick_java 17
use_kafka
fetch_only

mkdir -p "$DATA/config" "$DATA/data" "$DATA/tmp"
cp "$KIT_DIR/log4j2.properties" "$DATA/config/"
listeners=PLAINTEXT://127.0.0.1:$PORT
protocols=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
format_args=(--cluster-id dGFpbHJhY2UtdGVzdHMhIQ)
if [ "$security" = all ]; then
    make_certs "$DATA/certs"
    cat "$DATA/certs/server.key" "$DATA/certs/server.pem" >"$DATA/certs/server-keystore.pem"
    listeners+=,SASL://127.0.0.1:$((PORT + 2)),TLS://127.0.0.1:$((PORT + 3)),SASLTLS://127.0.0.1:$((PORT + 4))
    protocols+=,SASL:SASL_PLAINTEXT,TLS:SSL,SASLTLS:SASL_SSL
    for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
        format_args+=(--add-scram "$mechanism=[name=tailrace,password=tailrace-test]")
    done
fi
{
    echo "process.roles=broker,controller"
    echo "node.id=1"
    echo "controller.quorum.voters=1@127.0.0.1:$((PORT + 1))"
    echo "controller.listener.names=CONTROLLER"
    echo "listeners=$listeners,CONTROLLER://127.0.0.1:$((PORT + 1))"
    echo "advertised.listeners=$listeners"
    echo "listener.security.protocol.map=$protocols"
    echo "inter.broker.listener.name=PLAINTEXT"
    echo "log.dirs=$DATA/data"
    echo "num.partitions=1"
    echo "offsets.topic.replication.factor=1"
    echo "transaction.state.log.replication.factor=1"
    echo "share.coordinator.state.topic.replication.factor=1"
    echo "transaction.state.log.min.isr=1"
    echo "share.coordinator.state.topic.min.isr=1"
    echo "offsets.topic.num.partitions=1"
    echo "transaction.state.log.num.partitions=1"
    echo "group.initial.rebalance.delay.ms=0"
    if [ "$security" = all ]; then
        echo "ssl.keystore.type=PEM"
        echo "ssl.keystore.location=$DATA/certs/server-keystore.pem"
        echo "ssl.truststore.type=PEM"
        echo "ssl.truststore.location=$DATA/certs/ca.pem"
        echo "ssl.client.auth=requested"
        echo "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
        modules=org.apache.kafka.common.security
        for listener in sasl sasltls; do
            echo "listener.name.$listener.plain.sasl.jaas.config=$modules.plain.PlainLoginModule required user_tailrace=\"tailrace-test\";"
            for mechanism in scram-sha-256 scram-sha-512; do
                echo "listener.name.$listener.$mechanism.sasl.jaas.config=$modules.scram.ScramLoginModule required;"
            done
        done
    fi
    extra_settings
} >"$DATA/config/server.properties"

java_daemon 256m -Dlog4j2.configurationFile="$DATA/config/log4j2.properties" \
    -cp "$KAFKA_HOME/test-main:$KAFKA_HOME/lib/*" KafkaNode "$DATA/config/server.properties" "${format_args[@]}"

broker_started() { grep -q 'Kafka Server started' "$DATA/log" && port_taken "$PORT"; }
wait_ready Kafka broker_started
echo "$address"
