# SPDX-License-Identifier: Apache-2.0
# Shared by the start and stop scripts; source it, do not run it.
# shellcheck shell=bash disable=SC2034  # the variables set here are for the scripts that source it
set -euo pipefail

KIT_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE_DIR=${TAILRACE_TEST_SERVICES_DIR:-$HOME/.cache/tailrace-test-services}
DEPENDENCY_PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
START_TIMEOUT=${START_TIMEOUT:-180}

log() { printf '%s\n' "$*" >&2; }
die() { log "error: $*"; exit 1; }

# check_args PORT DATADIR: sets PORT and DATA (absolute, made if it is not there).
check_args() {
    [ $# -eq 2 ] || die "usage: $(basename "$0") PORT DATADIR"
    if ! [[ $1 =~ ^[0-9]+$ ]] || [ "$1" -lt 1024 ] || [ "$1" -gt 65000 ]; then
        die "PORT must be a number from 1024 to 65000, not '$1'"
    fi
    mkdir -p "$2" || die "cannot make the data folder $2"
    PORT=$1
    DATA=$(cd "$2" && pwd)
}

# pick_java MIN: sets JAVA_BIN to the bin/ of the oldest JDK here that is at least version MIN.
pick_java() {
    local min=$1 home version best=
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
        [ -x "$home/bin/javac" ] || continue
        version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null) || continue
        [ "${version:-0}" -ge "$min" ] || continue
        if [ -z "$best" ] || [ "$version" -lt "$best" ]; then
            best=$version
            JAVA_BIN=$home/bin
        fi
    done
    [ -n "$best" ] || die "no JDK of version $min or newer under /usr/lib/jvm or in JAVA_HOME"
}

# cached NAME COMMAND...: makes $CACHE_DIR/NAME once, by COMMAND with an empty folder's path as its last argument.
# Safe when several scripts start at once; a folder is there only when it is whole.
cached() {
    local name=$1 lock tmp status
    shift
    [ -d "$CACHE_DIR/$name" ] && return 0
    mkdir -p "$CACHE_DIR"
    exec {lock}>"$CACHE_DIR/.lock"
    flock "$lock"
    if [ ! -d "$CACHE_DIR/$name" ]; then
        tmp=$(mktemp -d "$CACHE_DIR/.new.XXXXXX")
        # A subshell of its own and no '||', under which bash would run on after a failed command.
        set +e
        (set -e; "$@" "$tmp")
        status=$?
        set -e
        [ "$status" = 0 ] || { rm -rf "$tmp"; die "could not make $name in $CACHE_DIR"; }
        chmod 755 "$tmp"
        mv "$tmp" "$CACHE_DIR/$name"
    fi
    exec {lock}>&-
}

# maven ARGUMENT...: quiet unless it fails.
maven() {
    local out
    out=$(mvn -B -q "$@" </dev/null 2>&1) || { log "$out"; return 1; }
}

# fetch_zip GROUP:ARTIFACT:VERSION SHA256 OUT: downloads a zip from Maven Central and unpacks it into OUT.
# A zip with a single top folder loses that folder. SHA256 '-' skips the check.
fetch_zip() {
    local gav=$1 sum=$2 out=$3 artifact version zip top
    IFS=: read -r _ artifact version <<<"$gav"
    log "fetching $gav from Maven Central ..."
    maven "$DEPENDENCY_PLUGIN:copy" -Dartifact="$gav:zip" -DoutputDirectory="$out/.zip"
    zip=$out/.zip/$artifact-$version.zip
    [ "$sum" = - ] || echo "$sum  $zip" | sha256sum --quiet -c - >&2
    unzip -q "$zip" -d "$out"
    rm -r "$out/.zip"
    top=$(ls -A "$out")
    if [ -d "$out/$top" ]; then
        mv "$out/$top" "$out/.top"
        find "$out/.top" -mindepth 1 -maxdepth 1 -exec mv -t "$out" {} +
        rmdir "$out/.top"
    fi
}

# compile CLASS CLASSPATH OUT: our java/CLASS.java into the folder OUT.
compile() {
    mkdir -p "$3"
    "$JAVA_BIN/javac" -nowarn -proc:none -d "$3" -cp "$2" "$KIT_DIR/java/$1.java" >&2
}

# source_hash FILE...: eight characters that change with the files, for a cache folder's name.
source_hash() { (cd "$KIT_DIR" && cat "$@") | sha256sum | cut -c1-8; }

# fetch_only: ends the script here when FETCH_ONLY is set.
fetch_only() { [ -z "${FETCH_ONLY:-}" ] || exit 0; }

# running: true when the process that DATA/pid names is alive and was started for DATA.
running() {
    local pid
    pid=$(cat "$DATA/pid" 2>/dev/null) || return 1
    { tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -- "-Dtest.service.data=$DATA"; } 2>/dev/null
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# java_daemon HEAP ARGUMENT...: starts java apart from this shell, its output in DATA/log, its pid in DATA/pid.
java_daemon() {
    local heap=${TEST_SERVICE_HEAP:-$1} more
    shift
    read -ra more <<<"${TEST_SERVICE_JAVA_OPTS:-}"
    case ${TEST_SERVICE_JIT:-quick} in
        quick) more+=(-XX:TieredStopAtLevel=1) ;;
        full) ;;
        *) die "TEST_SERVICE_JIT must be quick or full" ;;
    esac
    setsid nohup "$JAVA_BIN/java" -Dtest.service.data="$DATA" -Xms"$heap" -Xmx"$heap" -XX:+UseSerialGC \
        -Djava.io.tmpdir="$DATA/tmp" -Djava.awt.headless=true -Dlog4j2.disable.jmx=true "${more[@]}" "$@" \
        </dev/null >"$DATA/log" 2>&1 &
    echo $! >"$DATA/pid"
}

# The first complaints in the log and its end: the reason is often above a long stack trace.
log_tail() { { grep -m 3 -E 'ERROR|Exception' "$DATA/log"; echo ...; tail -n 15 "$DATA/log"; } | cut -c1-300 >&2; }

# wait_ready WHAT COMMAND...: until COMMAND is true; the log's end and exit 1 when the server dies or is too slow.
wait_ready() {
    local what=$1 end=$((SECONDS + START_TIMEOUT))
    shift
    until "$@"; do
        kill -0 "$(cat "$DATA/pid")" 2>/dev/null || { log_tail; rm -f "$DATA/pid"; die "$what died while starting; all of its log: $DATA/log"; }
        [ "$SECONDS" -lt "$end" ] || { log_tail; "$KIT_DIR/stop.sh" "$DATA"; die "$what was not ready after $START_TIMEOUT s"; }
        sleep 0.2
    done
}

# make_certs DIR: once, a CA (ca.pem), and a key and certificate for localhost and 127.0.0.1 (server.key, server.pem).
make_certs() {
    local dir=$1
    [ -f "$dir/server.pem" ] && return 0
    mkdir -p "$dir"
    (
        cd "$dir"
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=test CA" -keyout ca.key -out ca.pem \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
        openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out server.pem \
            -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
    ) 2>/dev/null || die "openssl could not make the test certificates in $dir"
}

# extra_settings: TEST_SERVICE_SETTINGS, its ';' turned into line ends.
extra_settings() { tr ';' '\n' <<<"${TEST_SERVICE_SETTINGS:-}" | sed 's/^ *//'; }

get_kafka() {
    log "fetching Kafka's jars from Maven Central ..."
    maven -f "$KIT_DIR/kafka/pom.xml" "$DEPENDENCY_PLUGIN:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$1/lib"
    compile KafkaNode "$1/lib/*" "$1/test-main"
}

# use_kafka: sets KAFKA_HOME, the cached folder with lib/ and test-main/.
use_kafka() {
    local name
    name=kafka-$(source_hash kafka/pom.xml java/KafkaNode.java)
    cached "$name" get_kafka
    KAFKA_HOME=$CACHE_DIR/$name
}
