#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes dashboards/*.json: what each dashboard shows, without Grafana's JSON around it.

    ./dashboards.py            writes the files anew
    ./dashboards.py --check    fails if a file is not what this program writes

A panel is (kind, title, unit, {legend: PromQL}); a row of panels shares its height and divides the width.
"""

import json
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dashboards")
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
ELASTICSEARCH = {"type": "elasticsearch", "uid": "elasticsearch"}
GRID_WIDTH = 24
HEIGHT = {"stat": 4, "timeseries": 8, "bargauge": 8, "table": 8, "logs": 10, "geomap": 10, "heatmap": 8}
SCHEMA_VERSION = 39

RATE = "$__rate_interval"
APP = 'job="echo-app", service=~"$service"'


def variable(name, query, label):
    return {"name": name, "label": label, "type": "query", "datasource": PROMETHEUS,
            "query": {"query": query, "refId": "StandardVariableQuery"}, "refresh": 2, "sort": 1,
            "includeAll": True, "multi": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}}


SERVICE = variable("service", 'label_values(up{job="echo-app"}, service)', "Service")
NODE = variable("node", 'label_values(node_cpu_seconds_total, node)', "Node")
NAMESPACE = variable("namespace", 'label_values(kube_pod_info, namespace)', "Namespace")
AGENT_NODE = variable("node", 'label_values(tailrace_events_read_total, node)', "Node")


def threshold(*steps):
    """("green", None), ("red", 0.05): colours from these values on."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


GOOD_TO_BAD = threshold(("green", None), ("yellow", 0.7), ("red", 0.8))
ERRORS = threshold(("green", None), ("yellow", 0.01), ("red", 0.05))
ZERO_IS_DOWN = threshold(("red", None), ("green", 1))
ANY_IS_BAD = threshold(("green", None), ("red", 1))
HITS = threshold(("red", None), ("yellow", 0.9), ("green", 0.95))


def targets(kind, queries):
    instant = kind in ("stat", "bargauge", "table", "geomap")
    result = []
    for index, (legend, expression) in enumerate(queries.items()):
        target = {"refId": chr(ord("A") + index), "datasource": PROMETHEUS, "expr": expression, "legendFormat": legend}
        if instant:
            target["instant"] = True
        if kind in ("table", "geomap"):
            target["format"] = "table"
        if kind == "heatmap":
            target["format"] = "heatmap"
        result.append(target)
    return result


def options(kind):
    """The options of a panel, all that the schema asks for."""
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    hidden = {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []}
    return {
        "stat": {"reduceOptions": reduce, "colorMode": "background", "graphMode": "area", "textMode": "auto", "justifyMode": "auto",
                 "wideLayout": True, "showPercentChange": False, "percentChangeColorMode": "standard", "orientation": "auto"},
        "bargauge": {"reduceOptions": reduce, "displayMode": "gradient", "orientation": "horizontal", "valueMode": "color",
                     "namePlacement": "auto", "showUnfilled": True, "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16,
                     "maxVizHeight": 300, "legend": hidden},
        "timeseries": {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "max"]},
                       "tooltip": {"mode": "multi", "sort": "desc"}},
        "table": {"showHeader": True, "frameIndex": 0},
        "heatmap": {"calculate": False, "yAxis": {"unit": "s"}, "showValue": "auto", "legend": {"show": True},
                    "color": {"mode": "scheme", "scheme": "Oranges", "exponent": 0.5, "steps": 64, "fill": "dark-orange", "reverse": False},
                    "tooltip": {"mode": "single", "yHistogram": False}, "exemplars": {"color": "rgba(255,0,255,0.7)"}},
        "logs": {"showTime": True, "wrapLogMessage": True, "sortOrder": "Descending", "showLabels": False, "showCommonLabels": False,
                 "showLogContextToggle": False, "prettifyLogMessage": False, "enableLogDetails": True, "dedupStrategy": "none"},
        "geomap": {"view": {"id": "zero"}, "basemap": {"type": "default", "name": "map"}, "controls": {"showZoom": True},
                   "tooltip": {"mode": "details"},
                   "layers": [{"type": "markers", "name": "users",
                               "location": {"mode": "lookup", "lookup": "country", "gazetteer": "public/gazetteer/countries.json"},
                               "config": {"style": {"size": {"field": "Value", "min": 4, "max": 30}}}}]},
    }[kind]


def panel(kind, title, unit, queries, thresholds=None, description=""):
    defaults = {"unit": unit}
    if thresholds:
        defaults["thresholds"] = thresholds
        defaults["color"] = {"mode": "thresholds"}
    if kind == "timeseries":
        defaults["custom"] = {"fillOpacity": 10, "lineWidth": 1, "showPoints": "never"}
        defaults.pop("color", None)
    if unit == "percentunit":
        defaults.update({"min": 0, "max": 1})
    result = {"type": kind, "title": title, "datasource": PROMETHEUS, "fieldConfig": {"defaults": defaults, "overrides": []},
              "options": options(kind), "targets": targets(kind, queries)}
    if description:
        result["description"] = description
    return result


def log_panel(title, query):
    return {"type": "logs", "title": title, "datasource": ELASTICSEARCH, "options": options("logs"),
            "fieldConfig": {"defaults": {}, "overrides": []},
            "targets": [{"refId": "A", "datasource": ELASTICSEARCH, "query": query, "timeField": "@timestamp",
                         "metrics": [{"id": "1", "type": "logs", "settings": {"limit": "200"}}], "bucketAggs": []}]}


def layout(rows):
    """Places rows of panels; a row that is a text is a heading."""
    placed, y, identity = [], 0, 1
    for row in rows:
        if isinstance(row, str):
            placed.append({"id": identity, "type": "row", "title": row, "collapsed": False, "panels": [],
                           "gridPos": {"x": 0, "y": y, "w": GRID_WIDTH, "h": 1}})
            identity, y = identity + 1, y + 1
            continue
        width = GRID_WIDTH // len(row)
        height = max(HEIGHT[p["type"]] for p in row)
        for index, one in enumerate(row):
            placed.append({"id": identity, **one, "gridPos": {"x": index * width, "y": y, "w": width, "h": height}})
            identity += 1
        y += height
    return placed


def dashboard(uid, title, description, rows, variables=(), tags=("echo",)):
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1,
              "current": {"text": "Prometheus", "value": "prometheus"}, "includeAll": False, "multi": False}
    alerts = {"builtIn": 0, "datasource": PROMETHEUS, "enable": True, "iconColor": "red", "name": "Critical alerts",
              "expr": 'ALERTS{alertstate="firing", severity="critical"}', "titleFormat": "{{alertname}}", "step": "60s"}
    return {"uid": uid, "title": title, "description": description, "tags": list(tags), "timezone": "browser", "editable": False,
            "schemaVersion": SCHEMA_VERSION, "version": 1, "refresh": "30s", "graphTooltip": 1,
            "time": {"from": "now-6h", "to": "now"}, "annotations": {"list": [alerts]},
            "templating": {"list": [source, *variables]},
            "links": [{"type": "dashboards", "title": "Echo", "tags": ["echo"], "asDropdown": True, "includeVars": False,
                       "keepTime": True, "icon": "external link", "targetBlank": False, "tooltip": "", "url": ""}],
            "panels": layout(rows)}


def overview():
    return dashboard("echo-overview", "Echo Overview", "How Echo is doing: traffic, users, money, and what is wrong.", [
        [panel("stat", "Instances up", "short", {"up": f'sum(up{{{APP}}})'}, ZERO_IS_DOWN),
         panel("stat", "Requests", "reqps", {"requests": f'sum(rate(http_requests_total{{{APP}}}[{RATE}]))'}),
         panel("stat", "Errors", "percentunit", {"errors": 'max(service:http_errors:ratio_rate5m{service=~"$service"})'}, ERRORS),
         panel("stat", "p95 latency", "s", {"p95": 'max(service:http_request_duration_seconds:p95_5m{service=~"$service"})'},
               threshold(("green", None), ("yellow", 1), ("red", 2))),
         panel("stat", "Active sessions", "short", {"sessions": 'sum(echo_sessions_active)'}),
         panel("stat", "Critical alerts", "short", {"alerts": 'count(ALERTS{alertstate="firing", severity="critical"}) or vector(0)'}, ANY_IS_BAD)],
        "Traffic",
        [panel("timeseries", "Requests by service", "reqps", {"{{service}}": 'service:http_requests:rate5m{service=~"$service"}'}),
         panel("timeseries", "Latency", "s", {"p50 {{service}}": 'service:http_request_duration_seconds:p50_5m{service=~"$service"}',
                                              "p95 {{service}}": 'service:http_request_duration_seconds:p95_5m{service=~"$service"}'})],
        [panel("timeseries", "Answers by status", "reqps", {"{{status}}": f'sum by (status) (rate(http_requests_total{{{APP}}}[{RATE}]))'}),
         panel("heatmap", "Request duration", "s", {"{{le}}": f'sum by (le) (rate(http_request_duration_seconds_bucket{{{APP}}}[{RATE}]))'})],
        "Real time",
        [panel("timeseries", "WebRTC connections", "short", {"{{state}}": 'sum by (state) (echo_webrtc_connections_active)'}),
         panel("timeseries", "Audio processing", "ops", {"done": f'sum(rate(echo_audio_processing_total[{RATE}]))',
                                                         "failed": f'sum(rate(echo_audio_processing_failures_total[{RATE}]))'})],
        "Business",
        [panel("stat", "Active users", "short", {"users": 'sum(echo_active_users)'}),
         panel("stat", "Revenue, 24 h", "currencyUSD", {"revenue": 'sum(increase(echo_revenue_usd_total[24h]))'}),
         panel("stat", "New sessions, 24 h", "short", {"sessions": 'sum(increase(echo_sessions_total[24h]))'})],
        [panel("bargauge", "Feature use, 24 h", "short", {"{{feature}}": 'topk(10, sum by (feature) (increase(echo_feature_usage_total[24h])))'}),
         panel("geomap", "Active users by country", "short", {"{{country}}": 'sum by (country) (echo_active_users)'}),
         panel("table", "Revenue by plan, 24 h", "currencyUSD", {"{{plan}}": 'sum by (plan) (increase(echo_revenue_usd_total[24h]))'})],
    ], [SERVICE])


def webrtc():
    return dashboard("echo-webrtc", "WebRTC Metrics", "Connections, their quality, and the audio that runs over them.", [
        [panel("stat", "Connections", "short", {"active": 'sum(echo_webrtc_connections_active{state="connected"})'}),
         panel("stat", "Failing", "percentunit", {"failing": 'echo:webrtc_failures:ratio_rate5m'}, ERRORS),
         panel("stat", "Packet loss", "percentunit", {"loss": 'avg(echo_webrtc_packet_loss_ratio)'}, ERRORS),
         panel("stat", "Round trip, p95", "s", {"rtt": f'histogram_quantile(0.95, sum by (le) (rate(echo_webrtc_round_trip_seconds_bucket[{RATE}])))'},
               threshold(("green", None), ("yellow", 0.15), ("red", 0.3)))],
        [panel("timeseries", "Connections by state", "short", {"{{state}}": 'sum by (state) (echo_webrtc_connections_active)'}),
         panel("timeseries", "New and failed connections", "ops", {"new": f'sum(rate(echo_webrtc_connections_total[{RATE}]))',
                                                                   "failed: {{reason}}": f'sum by (reason) (rate(echo_webrtc_connection_failures_total[{RATE}]))'})],
        "Quality",
        [panel("timeseries", "Packet loss", "percentunit", {"{{instance}}": 'echo_webrtc_packet_loss_ratio'}),
         panel("timeseries", "Jitter", "s", {"p50": f'histogram_quantile(0.5, sum by (le) (rate(echo_webrtc_jitter_seconds_bucket[{RATE}])))',
                                             "p95": f'histogram_quantile(0.95, sum by (le) (rate(echo_webrtc_jitter_seconds_bucket[{RATE}])))'}),
         panel("heatmap", "Round trip time", "s", {"{{le}}": f'sum by (le) (rate(echo_webrtc_round_trip_seconds_bucket[{RATE}]))'})],
        [panel("timeseries", "Bytes", "Bps", {"{{direction}}": f'sum by (direction) (rate(echo_webrtc_bytes_total[{RATE}]))'}),
         panel("timeseries", "Through TURN", "percentunit", {"relayed": 'sum(echo_webrtc_connections_active{candidate="relay"}) / sum(echo_webrtc_connections_active)'})],
        "Audio",
        [panel("timeseries", "Audio jobs", "ops", {"done": f'sum(rate(echo_audio_processing_total[{RATE}]))',
                                                   "failed: {{reason}}": f'sum by (reason) (rate(echo_audio_processing_failures_total[{RATE}]))'}),
         panel("timeseries", "Audio processing time", "s", {"p50": f'histogram_quantile(0.5, sum by (le) (rate(echo_audio_processing_seconds_bucket[{RATE}])))',
                                                            "p95": f'histogram_quantile(0.95, sum by (le) (rate(echo_audio_processing_seconds_bucket[{RATE}])))'})],
    ])


def infrastructure():
    return dashboard("echo-infrastructure", "Infrastructure", "Nodes and pods: CPU, memory, disk, network, restarts.", [
        [panel("stat", "Nodes ready", "short", {"ready": 'sum(kube_node_status_condition{condition="Ready", status="true"})'}, ZERO_IS_DOWN),
         panel("stat", "Pods running", "short", {"running": 'sum(kube_pod_status_phase{phase="Running", namespace=~"$namespace"})'}),
         panel("stat", "Pods not running", "short", {"not running": 'sum(kube_pod_status_phase{phase=~"Pending|Failed|Unknown", namespace=~"$namespace"})'}, ANY_IS_BAD),
         panel("stat", "Restarts, 1 h", "short", {"restarts": 'sum(increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[1h]))'},
               threshold(("green", None), ("yellow", 1), ("red", 5))),
         panel("stat", "Certificates end in", "s", {"first": 'min(probe_ssl_earliest_cert_expiry - time())'},
               threshold(("red", None), ("yellow", 259200), ("green", 1209600)))],
        "Nodes",
        [panel("timeseries", "CPU", "percentunit", {"{{node}}": 'node:cpu_used:ratio_rate5m{node=~"$node"}'}, GOOD_TO_BAD),
         panel("timeseries", "Memory", "percentunit", {"{{node}}": 'node:memory_used:ratio{node=~"$node"}'}, GOOD_TO_BAD)],
        [panel("timeseries", "Network", "Bps", {"in {{node}}": f'sum by (node) (rate(node_network_receive_bytes_total{{node=~"$node", device!="lo"}}[{RATE}]))',
                                                "out {{node}}": f'sum by (node) (rate(node_network_transmit_bytes_total{{node=~"$node", device!="lo"}}[{RATE}]))'}),
         panel("timeseries", "Disk", "Bps", {"read {{node}}": f'sum by (node) (rate(node_disk_read_bytes_total{{node=~"$node"}}[{RATE}]))',
                                             "written {{node}}": f'sum by (node) (rate(node_disk_written_bytes_total{{node=~"$node"}}[{RATE}]))'}),
         panel("bargauge", "File systems", "percentunit", {"{{node}} {{mountpoint}}": 'node:filesystem_used:ratio{node=~"$node"}'}, GOOD_TO_BAD)],
        [panel("timeseries", "Load per CPU", "short", {"{{node}}": 'node_load5{node=~"$node"} / on (node) count by (node) (node_cpu_seconds_total{mode="idle"})'}),
         panel("timeseries", "Disk busy", "percentunit", {"{{node}} {{device}}": f'rate(node_disk_io_time_seconds_total{{node=~"$node"}}[{RATE}])'})],
        "Pods",
        [panel("timeseries", "CPU of pods", "short", {"{{namespace}}/{{pod}}": f'topk(10, sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{{container!="", namespace=~"$namespace"}}[{RATE}])))'}),
         panel("timeseries", "Memory of pods", "bytes", {"{{namespace}}/{{pod}}": 'topk(10, sum by (namespace, pod) (container_memory_working_set_bytes{container!="", namespace=~"$namespace"}))'})],
        [panel("table", "Restarts, 24 h", "short", {"restarts": 'topk(20, sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[24h])))'}),
         panel("timeseries", "Deployments: replicas missing", "short", {"{{namespace}}/{{deployment}}": 'kube_deployment_spec_replicas{namespace=~"$namespace"} - kube_deployment_status_replicas_available{namespace=~"$namespace"}'})],
    ], [NODE, NAMESPACE])


def databases():
    return dashboard("echo-databases", "Database Performance", "PostgreSQL, Redis and Elasticsearch.", [
        "PostgreSQL",
        [panel("stat", "Up", "short", {"{{instance}}": 'pg_up'}, ZERO_IS_DOWN),
         panel("stat", "Connections", "percentunit", {"{{instance}}": 'postgresql:connections:ratio'}, GOOD_TO_BAD),
         panel("stat", "Cache hits", "percentunit", {"{{instance}}": 'postgresql:cache_hits:ratio_rate5m'}, HITS),
         panel("stat", "Size", "bytes", {"{{datname}}": 'pg_database_size_bytes{datname="echo"}'})],
        [panel("timeseries", "Transactions", "ops", {"committed {{datname}}": f'rate(pg_stat_database_xact_commit{{datname!~"template.*"}}[{RATE}])',
                                                     "rolled back {{datname}}": f'rate(pg_stat_database_xact_rollback{{datname!~"template.*"}}[{RATE}])'}),
         panel("timeseries", "Rows", "ops", {"fetched": f'sum(rate(pg_stat_database_tup_fetched[{RATE}]))', "inserted": f'sum(rate(pg_stat_database_tup_inserted[{RATE}]))',
                                             "updated": f'sum(rate(pg_stat_database_tup_updated[{RATE}]))', "deleted": f'sum(rate(pg_stat_database_tup_deleted[{RATE}]))'}),
         panel("timeseries", "Locks and deadlocks", "short", {"locks {{mode}}": 'sum by (mode) (pg_locks_count)', "deadlocks": f'sum(increase(pg_stat_database_deadlocks[{RATE}]))'})],
        "Redis",
        [panel("stat", "Up", "short", {"{{instance}}": 'redis_up'}, ZERO_IS_DOWN),
         panel("stat", "Cache hits", "percentunit", {"{{instance}}": 'redis:cache_hits:ratio_rate5m'}, HITS),
         panel("stat", "Memory", "bytes", {"{{instance}}": 'redis_memory_used_bytes'}),
         panel("stat", "Clients", "short", {"{{instance}}": 'redis_connected_clients'})],
        [panel("timeseries", "Commands", "ops", {"{{instance}}": f'rate(redis_commands_processed_total[{RATE}])'}),
         panel("timeseries", "Hits and misses", "ops", {"hits": f'sum(rate(redis_keyspace_hits_total[{RATE}]))', "misses": f'sum(rate(redis_keyspace_misses_total[{RATE}]))'}),
         panel("timeseries", "Evicted and expired keys", "ops", {"evicted": f'sum(rate(redis_evicted_keys_total[{RATE}]))', "expired": f'sum(rate(redis_expired_keys_total[{RATE}]))'})],
        "Elasticsearch",
        [panel("stat", "Health", "short", {"{{color}}": 'elasticsearch_cluster_health_status == 1'}),
         panel("stat", "Data nodes", "short", {"nodes": 'elasticsearch_cluster_health_number_of_data_nodes'}),
         panel("stat", "Unassigned shards", "short", {"shards": 'elasticsearch_cluster_health_unassigned_shards'}, ANY_IS_BAD)],
        [panel("timeseries", "Heap", "percentunit", {"{{name}}": 'elasticsearch_jvm_memory_used_bytes{area="heap"} / elasticsearch_jvm_memory_max_bytes{area="heap"}'}),
         panel("timeseries", "Documents indexed", "ops", {"{{name}}": f'rate(elasticsearch_indices_indexing_index_total[{RATE}])'}),
         panel("timeseries", "Rejected", "ops", {"{{name}} {{type}}": f'rate(elasticsearch_thread_pool_rejected_count[{RATE}])'})],
    ])


def errors():
    return dashboard("echo-errors", "Error Analysis", "Which errors, where, since when, and the log lines behind them.", [
        [panel("stat", "Errors now", "ops", {"errors": f'sum(rate(echo_errors_total{{service=~"$service"}}[{RATE}]))'}),
         panel("stat", "5xx", "percentunit", {"5xx": 'max(service:http_errors:ratio_rate5m{service=~"$service"})'}, ERRORS),
         panel("stat", "Security events, 1 h", "short", {"events": 'sum(increase(echo_security_events_total[1h]))'}),
         panel("stat", "Alerts firing", "short", {"alerts": 'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)'}, ANY_IS_BAD)],
        [panel("timeseries", "Errors by type", "ops", {"{{type}}": f'sum by (type) (rate(echo_errors_total{{service=~"$service"}}[{RATE}]))'}),
         panel("timeseries", "Errors by service", "ops", {"{{service}}": f'sum by (service) (rate(echo_errors_total{{service=~"$service"}}[{RATE}]))'})],
        [panel("table", "Routes with errors, 1 h", "short", {"errors": f'topk(20, sum by (service, route, status) (increase(http_requests_total{{{APP}, status=~"5.."}}[1h])))'}),
         panel("bargauge", "Errors by type, 24 h", "short", {"{{type}}": 'topk(15, sum by (type) (increase(echo_errors_total{service=~"$service"}[24h])))'}),
         panel("table", "Alerts firing", "short", {"alerts": 'sum by (alertname, severity, service) (ALERTS{alertstate="firing"})'})],
        "Sessions",
        [panel("timeseries", "Sessions ended with an error", "ops", {"{{reason}}": f'sum by (reason) (rate(echo_sessions_ended_total{{reason!="normal"}}[{RATE}]))'}),
         panel("timeseries", "Security events", "ops", {"{{type}} {{severity}}": f'sum by (type, severity) (rate(echo_security_events_total[{RATE}]))'})],
        "Logs",
        [log_panel("Error lines", "level:(error OR fatal OR critical)")],
        [log_panel("Security events", "service_name:(auditd OR auth OR kube-audit)")],
    ], [SERVICE])


def tailrace():
    at = 'node=~"$node"'
    return dashboard("tailrace", "tailrace", "The log agents: what is read, delivered, waiting, dropped and lost.", [
        [panel("stat", "Agents up", "short", {"up": f'sum(up{{job="tailrace", {at}}})'}, ZERO_IS_DOWN),
         panel("stat", "Read", "Bps", {"read": f'sum(node:tailrace_read_bytes:rate5m{{{at}}})'}),
         panel("stat", "Delivered", "ops", {"events": f'sum(node:tailrace_delivered_events:rate5m{{{at}}})'}),
         panel("stat", "Behind", "bytes", {"lag": f'sum(node:tailrace_lag_bytes:sum{{{at}}})'}, threshold(("green", None), ("yellow", 67108864), ("red", 268435456))),
         panel("stat", "Lost, 24 h", "bytes", {"lost": f'sum(increase(tailrace_tail_lost_bytes_total{{{at}}}[24h]))'}, ANY_IS_BAD,
               "Bytes that vanished before they could be read: deleted or truncated too soon."),
         panel("stat", "Given up, 24 h", "short", {"events": f'sum(increase(tailrace_output_given_up_events_total{{{at}}}[24h]))'}, ANY_IS_BAD)],
        "Throughput",
        [panel("timeseries", "Read", "Bps", {"{{node}}": f'node:tailrace_read_bytes:rate5m{{{at}}}'}),
         panel("timeseries", "Events", "ops", {"read {{node}}": f'sum by (node) (rate(tailrace_events_read_total{{{at}}}[{RATE}]))',
                                               "delivered {{node}} {{plugin_id}}": f'node:tailrace_delivered_events:rate5m{{{at}}}'})],
        [panel("timeseries", "Dropped, by reason", "ops", {"{{reason}}": f'sum by (reason) (rate(tailrace_events_dropped_total{{{at}}}[{RATE}]))'}),
         panel("timeseries", "Delivered bytes", "Bps", {"{{node}} {{plugin_id}}": f'sum by (node, plugin_id) (rate(tailrace_output_delivered_bytes_total{{{at}}}[{RATE}]))'})],
        "Buffers and destinations",
        [panel("timeseries", "Buffered", "bytes", {"{{node}} {{plugin_id}}": f'fluentd_output_status_buffer_total_bytes{{{at}}}'}),
         panel("timeseries", "Chunks waiting", "short", {"{{node}} {{plugin_id}}": f'fluentd_output_status_buffer_queue_length{{{at}}}'}),
         panel("timeseries", "Free", "percent", {"{{node}} {{plugin_id}}": f'fluentd_output_status_buffer_available_space_ratio{{{at}}}'})],
        [panel("timeseries", "Time of a delivery", "ms", {"{{node}} {{plugin_id}}": f'rate(fluentd_output_status_flush_time_count{{{at}}}[{RATE}]) / (rate(fluentd_output_status_write_count{{{at}}}[{RATE}]) > 0)'}),
         panel("timeseries", "Tried again", "ops", {"retries {{node}}": f'sum by (node) (rate(fluentd_output_status_retry_count{{{at}}}[{RATE}]))',
                                                    "errors {{node}}": f'sum by (node) (rate(fluentd_output_status_num_errors{{{at}}}[{RATE}]))',
                                                    "slow {{node}}": f'sum by (node) (rate(fluentd_output_status_slow_flush_count{{{at}}}[{RATE}]))'})],
        "Files",
        [panel("table", "Furthest behind", "bytes", {"lag": f'topk(20, tailrace_tail_lag_bytes{{{at}}})'}),
         panel("timeseries", "Behind", "bytes", {"{{node}}": f'node:tailrace_lag_bytes:sum{{{at}}}',
                                                 "rotated {{node}}": f'sum by (node) (tailrace_tail_older_bytes{{{at}}})'})],
        "Kubernetes",
        [panel("timeseries", "Pods known", "short", {"{{node}}": f'tailrace_kubernetes_pods{{{at}}}'}),
         panel("timeseries", "API", "ops", {"events {{resource}}": f'sum by (resource) (rate(tailrace_kubernetes_watch_events_total{{{at}}}[{RATE}]))',
                                            "failures {{resource}}": f'sum by (resource) (rate(tailrace_kubernetes_failures_total{{{at}}}[{RATE}]))'})],
    ], [AGENT_NODE], ("echo", "tailrace"))


def main(check):
    stale = []
    for make in (overview, webrtc, infrastructure, databases, errors, tailrace):
        board = make()
        path = os.path.join(FOLDER, board["uid"] + ".json")
        text = json.dumps(board, indent=1) + "\n"
        if not check:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        elif not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            stale.append(path)
    if stale:
        sys.exit("not what dashboards.py writes; run it: " + " ".join(stale))


if __name__ == "__main__":
    main(sys.argv[1:] == ["--check"])
