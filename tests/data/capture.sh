#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Captures the logs under tests/data/logs anew, from real servers that are made to do something worth logging.
#
# usage: capture.sh OUTDIR
#
# Needs, beside what `./dev services fetch` fetches: nginx-light, postgresql, redis-server, openssh-server, sudo,
# rsyslog (all Debian 12) and root. Everything listens on 127.0.0.1. Each server's output goes through wrap.py, which
# stamps a line when it arrives, as a container runtime does.
set -uo pipefail
DATA=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
KIT=$DATA/../services
WRAP=$DATA/wrap.py
LOG_LINES=300
mkdir -p "$1"
OUT=$(cd "$1" && pwd)
TMP=$(mktemp -d /tmp/capture.XXXXXX)
cd /
followers=()
trap 'kill "${followers[@]}" 2>/dev/null; rm -rf "$TMP"' EXIT

# follow FILE FORMAT STREAM OUT: wraps what is appended to FILE until the script ends.
follow() {
    mkdir -p "$(dirname "$OUT/$4")"
    (exec tail -s 0.02 -n +1 -F "$1" 2>/dev/null > >(exec "$WRAP" "$2" "$3" >"$OUT/$4")) &
    followers+=($!)
}
quiet() { "$@" >/dev/null 2>&1; }
# poke PORT FORMAT: raw bytes to a port; that it hangs up on us is the point.
poke() { (trap '' PIPE; printf "$2" >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
json() { curl -s -o /dev/null -H 'Content-Type: application/json' "$@"; }

elasticsearch_logs() {
    local url=127.0.0.1:19300 day
    mkdir -p "$TMP/es"
    : >"$TMP/es/log"
    follow "$TMP/es/log" cri stdout elasticsearch/0.log
    quiet "$KIT/elasticsearch-start.sh" 19300 "$TMP/es"
    json -XPUT $url/_cluster/settings -d '{"persistent":{"logger.org.elasticsearch.action.search":"DEBUG"}}'
    json -XPUT $url/_index_template/logs -d '{"index_patterns":["logs-*"],"template":{"mappings":{"properties":{"n":{"type":"integer"}}}}}'
    for day in 01 02 03; do
        printf '{"create":{"_index":"logs-2024.01.%s"}}\n{"n":%s,"message":"a"}\n' $day 1 $day '"no number"' |
            json -XPOST $url/_bulk --data-binary @-
    done
    json -XPUT $url/logs-2024.01.01/_settings -d '{"index.search.slowlog.threshold.query.warn":"0ms","index.indexing.slowlog.threshold.index.info":"0ms"}'
    json -XPOST "$url/logs-2024.01.01/_doc?refresh=true" -d '{"n":2,"message":"slow one"}'
    # A query long enough for its slow-log line to be cut into parts.
    python3 -c 'import json; print(json.dumps({"query":{"terms":{"message":["term-%05d-of-a-long-query"%i for i in range(1500)]}}}))' |
        json -XPOST $url/logs-2024.01.01/_search -d @-
    json -XPOST $url/logs-2024.01.01/_search -d '{"query":{"range":{"n":{"gte":"broken"}}}}'
    json -XPOST $url/logs-2024.01.02/_search -d '{"sort":[{"message":"asc"}]}'
    json -XDELETE $url/logs-2024.01.03
    "$KIT/stop.sh" "$TMP/es"
}

kafka_logs() {
    local broker=127.0.0.1:19305 topic
    mkdir -p "$TMP/kafka"
    : >"$TMP/kafka/log"
    follow "$TMP/kafka/log" docker stdout kafka/json.log
    quiet "$KIT/kafka-start.sh" 19305 "$TMP/kafka"
    for topic in orders payments; do
        quiet "$KIT/kafka-tool.sh" topics --bootstrap-server $broker --create --topic $topic --partitions 2
    done
    seq 100 | quiet "$KIT/kafka-tool.sh" producer --bootstrap-server $broker --topic orders
    quiet timeout 30 "$KIT/kafka-tool.sh" consumer --bootstrap-server $broker --topic orders --from-beginning --group g1 --max-messages 100
    poke 19305 'GET / HTTP/1.1\r\n\r\n'
    quiet "$KIT/kafka-tool.sh" topics --bootstrap-server $broker --delete --topic payments
    "$KIT/stop.sh" "$TMP/kafka"
}

kubernetes_logs() {
    local component
    mkdir -p "$TMP/kube/log"
    for component in etcd kube-apiserver kube-controller-manager kube-scheduler kwok; do
        : >"$TMP/kube/log/$component.log"
        follow "$TMP/kube/log/$component.log" cri stderr "$component/0.log"
    done
    quiet "$KIT/kube/kube-build.sh"
    sed 's/--log-level=warn/--log-level=info/' "$KIT/kube/kube-start.sh" >"$KIT/kube/.capture-start.sh"
    quiet bash "$KIT/kube/.capture-start.sh" --nodes 2 --audit 0 "$TMP/kube"
    rm -f "$KIT/kube/.capture-start.sh"
    # shellcheck disable=SC1091
    . "$TMP/kube/env"
    quiet "$KUBE_BIN/kubectl" create ns echo-prod
    quiet "$KUBE_BIN/kubectl" -n echo-prod create deployment echo-api --image example.test/echo-api:1 --replicas 3
    quiet "$KUBE_BIN/kubectl" -n echo-prod create secret generic db --from-literal password=x
    quiet "$KUBE_BIN/kubectl" -n echo-prod apply -f - <<'YAML'
{apiVersion: v1, kind: Pod, metadata: {name: unplaceable}, spec: {nodeSelector: {none: such}, containers: [{name: c, image: x}]}}
YAML
    quiet curl -s --cacert "$KUBE_CA" -H 'Authorization: Bearer stale' "$KUBE_URL/api/v1/pods"
    "$KIT/kube/kube-token.sh" "$TMP/kube" echo-prod default "$TMP/token"
    quiet curl -s --cacert "$KUBE_CA" -H "Authorization: Bearer $(cat "$TMP/token/token")" "$KUBE_URL/api/v1/secrets"
    sleep 3
    "$KUBE_BIN/kubectl" get --raw /api/v1/pods >"$OUT/kube-apiserver/pods-as-listed.json"
    quiet "$KUBE_BIN/kubectl" delete ns echo-prod --timeout=60s
    mkdir -p "$OUT/kube-audit"
    tail -n $LOG_LINES "$TMP/kube/audit.log" >"$OUT/kube-audit/audit.log"
    # SIGQUIT makes a Go program dump its goroutines.
    kill -QUIT "$(cat "$TMP/kube/run/kwok.pid")"
    sleep 1
    quiet "$KIT/kube/kube-stop.sh" "$TMP/kube"
}

nginx_logs() {
    mkdir -p "$TMP/nginx"
    touch "$TMP/nginx/access" "$TMP/nginx/error"
    cat >"$TMP/nginx/conf" <<CONF
user root; pid $TMP/nginx/pid; error_log $TMP/nginx/error info;
events {}
http {
  log_format ingress '\$remote_addr - \$remote_user [\$time_local] "\$request" \$status \$body_bytes_sent "\$http_referer" "\$http_user_agent" \$request_length \$request_time [\$proxy_upstream_name] [] \$upstream_addr \$upstream_response_length \$upstream_response_time \$upstream_status \$req_id';
  map \$uri \$proxy_upstream_name { default echo-prod-echo-api-8080; }
  map \$request_id \$req_id { default \$request_id; }
  access_log $TMP/nginx/access combined;
  access_log $TMP/nginx/ingress ingress;
  server { listen 127.0.0.1:19380; root $TMP/nginx; location /api { proxy_pass http://127.0.0.1:19381; } location /private { auth_basic x; auth_basic_user_file $TMP/nginx/none; } }
  server { listen 127.0.0.1:19381; access_log off; location / { return 200 "ok"; } location /api/slow { return 503; } }
}
CONF
    touch "$TMP/nginx/ingress"
    follow "$TMP/nginx/access" cri stdout nginx/0.log
    follow "$TMP/nginx/error" cri stderr nginx/error.log
    follow "$TMP/nginx/ingress" cri stdout ingress-nginx/0.log
    nginx -c "$TMP/nginx/conf" -g 'daemon on;'
    local path url=http://127.0.0.1:19380
    for path in / /index.html /missing '/api/users?id=42&q=caf%C3%A9' /api/slow /private /%22quoted%22 /api/sessions; do
        for agent in curl/7.88.1 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "quoted"'; do
            quiet curl -s -A "$agent" -e https://echo.example/ "$url$path"
        done
    done
    quiet curl -s -u alice:secret -X POST -d 'x=1' "$url/api/login"
    poke 19380 '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'
    poke 19380 'GET /bad HTTP/9\r\n\r\n'
    quiet curl -s -H "X-Long: $(head -c 20000 /dev/zero | tr '\0' a)" "$url/"
    sleep 0.3
    nginx -c "$TMP/nginx/conf" -s quit
}

postgresql_logs() {
    local bin
    bin=$(echo /usr/lib/postgresql/*/bin)
    mkdir -p "$TMP/pg"
    : >"$TMP/pg/log"
    chmod 711 "$TMP"
    chown -R postgres "$TMP/pg"
    follow "$TMP/pg/log" cri stderr postgresql/0.log
    (cd "$TMP/pg" && quiet su postgres -c "$bin/initdb -D $TMP/pg/data --auth=scram-sha-256 --pwfile=<(echo secret)")
    su postgres -c "$bin/postgres -D $TMP/pg/data -p 19332 -k $TMP/pg -c log_min_duration_statement=50 -c log_connections=on \
        -c log_disconnections=on -c log_checkpoints=on -c log_lock_waits=on -c deadlock_timeout=200ms -c timezone=UTC -c log_timezone=UTC" >>"$TMP/pg/log" 2>&1 &
    sleep 2
    export PGPASSWORD=secret
    local sql=(psql -q -h 127.0.0.1 -p 19332 -U postgres)
    quiet "${sql[@]}" -c 'create table sessions(id int primary key, body jsonb)' -c 'insert into sessions select g, $${"a":1}$$ from generate_series(1,1000) g'
    quiet "${sql[@]}" -c 'insert into sessions values (1, null)'
    quiet "${sql[@]}" -c 'select * from no_such_table'
    quiet "${sql[@]}" <<'SQL'
select id,
	body,
	pg_sleep(0.1)
from sessions
where id < 2
order by id;
SQL
    quiet "${sql[@]}" -c "select 'a''b' || chr(10) || 1/0"
    quiet "${sql[@]}" -c 'select pg_sleep(5)' & sleep 0.3
    quiet "${sql[@]}" -c "select pg_cancel_backend(pid) from pg_stat_activity where query like 'select pg_sleep(5)%'"
    quiet "${sql[@]}" -c 'begin; lock sessions; select pg_sleep(1)' & sleep 0.2
    quiet "${sql[@]}" -c 'update sessions set id = id where id = 5'
    PGPASSWORD=wrong quiet "${sql[@]}" -c 'select 1'
    quiet "${sql[@]}" -d nowhere -c 'select 1'
    quiet "${sql[@]}" -c checkpoint
    sleep 0.5
    kill -INT "$(head -n 1 "$TMP/pg/data/postmaster.pid")"
    sleep 1
}

redis_logs() {
    mkdir -p "$TMP/redis"
    : >"$TMP/redis/log"
    follow "$TMP/redis/log" docker stdout redis/json.log
    (cd "$TMP/redis" && exec redis-server --port 19379 --bind 127.0.0.1 --save 1 1 --loglevel verbose >"$TMP/redis/log" 2>&1) &
    sleep 1
    local cli=(redis-cli -p 19379)
    quiet "${cli[@]}" set a 1
    sleep 2
    quiet "${cli[@]}" config set maxmemory 1mb
    quiet "${cli[@]}" replicaof 127.0.0.1 19378
    sleep 1.5
    quiet "${cli[@]}" replicaof no one
    quiet "${cli[@]}" bgrewriteaof
    poke 19379 'POST / HTTP/1.1\r\nHost: x\r\n\r\n'
    quiet "${cli[@]}" debug sleep 0
    sleep 1
    quiet "${cli[@]}" shutdown nosave
}

auth_logs() {
    rm -rf "$OUT/auth"
    mkdir -p "$OUT/auth" "$TMP/ssh" /run/sshd
    [ -e /dev/log ] && { echo "auth: /dev/log is in use here; left out" >&2; return; }
    printf '%s\n' 'module(load="imuxsock")' '$FileOwner root' "*.* action(type=\"omfile\" file=\"$OUT/auth/auth.log\" template=\"RSYSLOG_TraditionalFileFormat\")" >"$TMP/rsyslog.conf"
    rsyslogd -n -f "$TMP/rsyslog.conf" -i "$TMP/rsyslog.pid" >/dev/null 2>&1 &
    sleep 1
    ssh-keygen -q -t ed25519 -N '' -f "$TMP/ssh/host"
    ssh-keygen -q -t ed25519 -N '' -f "$TMP/ssh/user"
    quiet useradd -m deploy
    mkdir -p ~deploy/.ssh && cp "$TMP/ssh/user.pub" ~deploy/.ssh/authorized_keys && chown -R deploy ~deploy
    /usr/sbin/sshd -f /dev/null -o Port=19322 -o ListenAddress=127.0.0.1 -o HostKey="$TMP/ssh/host" -o UsePAM=yes \
        -o PidFile="$TMP/ssh/pid" -o StrictModes=no -o LogLevel=VERBOSE
    local ssh=(ssh -p 19322 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes)
    quiet "${ssh[@]}" -i "$TMP/ssh/user" deploy@127.0.0.1 true
    quiet "${ssh[@]}" -i "$TMP/ssh/host" deploy@127.0.0.1 true
    quiet "${ssh[@]}" admin@127.0.0.1 true
    printf '%s\n' '#!/bin/sh' 'echo wrong' >"$TMP/ssh/ask" && chmod +x "$TMP/ssh/ask"
    SSH_ASKPASS_REQUIRE=force SSH_ASKPASS="$TMP/ssh/ask" quiet ssh "${ssh[@]:1:8}" -o NumberOfPasswordPrompts=3 -o PubkeyAuthentication=no root@127.0.0.1 true
    SSH_ASKPASS_REQUIRE=force SSH_ASKPASS="$TMP/ssh/ask" quiet ssh "${ssh[@]:1:8}" -o NumberOfPasswordPrompts=1 -o PubkeyAuthentication=no oracle@127.0.0.1 true
    poke 19322 'HELLO\r\n'
    quiet sudo -u deploy id
    quiet su deploy -c 'sudo -n ls /root'
    quiet su deploy -c id
    logger -p authpriv.notice -t polkitd 'Registered Authentication Agent for unix-session:3'
    quiet usermod -aG adm deploy
    sleep 0.5
    quiet userdel -r deploy
    sleep 0.5
    kill "$(cat "$TMP/ssh/pid")" "$(cat "$TMP/rsyslog.pid")"
    sleep 0.5
    rm -f /dev/log
}

# Stack traces as CPython and the Go runtime print them; Elasticsearch's log has Java's.
traces_logs() {
    mkdir -p "$OUT/python" "$OUT/go" "$TMP/go"
    cat >"$TMP/billing.py" <<'PY'
import logging

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("billing")


def charge(account, amount):
    return {"alice": 10}[account] - amount


def retry(call, *args):
    try:
        return call(*args)
    except KeyError as error:
        raise RuntimeError("charge failed after 1 attempt") from error


log.info("starting")
for account in ("alice", "bob", "alice"):
    try:
        log.info("balance of %s: %s", account, retry(charge, account, 3))
    except RuntimeError:
        log.exception("could not charge %s", account)
log.warning("queue is %d%% full", 81)
retry(charge, "carol", 1)
PY
    (cd "$TMP" && python3 billing.py) 2>&1 | "$WRAP" cri stderr >"$OUT/python/0.log"
    cat >"$TMP/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"
	"sync"
)

type session struct{ id *string }

func (s *session) name() string { return *s.id }

func main() {
	fmt.Fprintln(os.Stderr, "2024/01/15 10:30:00 signaling: listening on :8443")
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		defer func() {
			if r := recover(); r != nil {
				fmt.Fprintln(os.Stderr, "recovered:", r)
				panic(fmt.Sprint("again: ", r))
			}
		}()
		fmt.Println((&session{}).name())
	}()
	wait.Wait()
}
GO
    (cd "$TMP/go" && go mod init signaling && go build -o signaling .) >/dev/null 2>&1
    "$TMP/go/signaling" 2>&1 | "$WRAP" docker stderr >"$OUT/go/json.log"
}

for service in ${CAPTURE:-elasticsearch kafka kubernetes nginx postgresql redis auth traces}; do
    echo "$service ..." >&2
    "${service}_logs"
done
sleep 1
kill "${followers[@]}" 2>/dev/null
sleep 0.3
# Trimmed: the first and the last lines of each.
for file in "$OUT"/*/*.log; do
    lines=$(wc -l <"$file")
    [ "$lines" -le $LOG_LINES ] || { head -n $((LOG_LINES / 2)) "$file"; tail -n $((LOG_LINES / 2)) "$file"; } >"$TMP/trim" && [ "$lines" -le $LOG_LINES ] || cp "$TMP/trim" "$file"
done
# Where this machine keeps its binaries is nobody's business.
sed -i "s#${TAILRACE_TEST_SERVICES_DIR:-$HOME/.cache/tailrace-test-services}/kube-[^/]*/#/usr/local/bin/#g" "$OUT"/etcd/*.log 2>/dev/null
wc -l "$OUT"/*/*.log >&2
