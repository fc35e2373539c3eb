#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one of Kafka's own command-line tools.
#
# usage: kafka-tool.sh topics|producer|consumer|configs|offsets [ARGUMENT...]
# e.g.   kafka-tool.sh consumer --bootstrap-server 127.0.0.1:19092 --topic logs --from-beginning --max-messages 3
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in
    topics) class=org.apache.kafka.tools.TopicCommand ;;
    producer) class=org.apache.kafka.tools.ConsoleProducer ;;
    consumer) class=org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    configs) class=kafka.admin.ConfigCommand ;;
    offsets) class=org.apache.kafka.tools.GetOffsetShell ;;
    *) die "usage: kafka-tool.sh topics|producer|consumer|configs|offsets [ARGUMENT...]" ;;
esac
shift
pick_java 17
use_kafka
exec "$JAVA_BIN/java" -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.level=ERROR \
    -cp "$KAFKA_HOME/lib/*" "$class" "$@"
