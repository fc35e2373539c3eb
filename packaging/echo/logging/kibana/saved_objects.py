#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes echo-logs.ndjson: Kibana's data view, saved searches and dashboard for echo-logs-*.

    ./saved_objects.py            writes the file anew
    ./saved_objects.py --check    fails if the file is not what this program writes

The objects are of Kibana 7.17's form (index-pattern, search, visualization, dashboard), which 8 and 9 import and upgrade.
"""

import json
import os
import sys

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "echo-logs.ndjson")
VIEW = "echo-logs"
VERSION = "7.17.0"
COLUMNS = ["level", "service_name", "message", "kubernetes.pod_name"]
PANEL_WIDTH, PANEL_HEIGHT = 24, 15

SEARCHES = [
    ("errors", "Echo: errors", "level: (error or fatal or critical)", COLUMNS),
    ("security", "Echo: security events", "service_name: (auditd or auth or kube-audit)", ["level", "service_name", "message", "user_id"]),
    ("sessions", "Echo: one session", "session_id: *", ["session_id", "user_id", "service_name", "message"]),
    ("kubernetes", "Echo: Kubernetes components", "service_name: (kubelet or kube-apiserver or etcd or kube-scheduler or kube-controller-manager)",
     ["level", "service_name", "message", "kubernetes.node_name"]),
]


def packed(value):
    return json.dumps(value, separators=(",", ":"))


def terms(field, size=10, identity="2", schema="segment"):
    return {"id": identity, "enabled": True, "type": "terms", "schema": schema,
            "params": {"field": field, "orderBy": "1", "order": "desc", "size": size, "otherBucket": True, "otherBucketLabel": "others",
                       "missingBucket": False, "missingBucketLabel": "none"}}


COUNT = {"id": "1", "enabled": True, "type": "count", "schema": "metric", "params": {}}
OVER_TIME = {"id": "2", "enabled": True, "type": "date_histogram", "schema": "segment",
             "params": {"field": "@timestamp", "useNormalizedEsInterval": True, "interval": "auto", "drop_partials": False, "min_doc_count": 1,
                        "extended_bounds": {}}}
BARS = {"type": "histogram", "addLegend": True, "legendPosition": "right", "addTooltip": True, "times": [], "addTimeMarker": False,
        "categoryAxes": [{"id": "CategoryAxis-1", "type": "category", "position": "bottom", "show": True, "scale": {"type": "linear"},
                          "labels": {"show": True, "filter": True, "truncate": 100}, "title": {}}],
        "valueAxes": [{"id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value", "position": "left", "show": True,
                       "scale": {"type": "linear", "mode": "normal"}, "labels": {"show": True, "rotate": 0, "filter": False, "truncate": 100},
                       "title": {"text": "lines"}}],
        "seriesParams": [{"show": True, "type": "histogram", "mode": "stacked", "data": {"label": "lines", "id": "1"},
                          "valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": True, "showCircles": True}]}
TABLE = {"perPage": 10, "showPartialRows": False, "showMetricsAtAllLevels": False, "showTotal": False, "totalFunc": "sum", "percentageCol": ""}

VISUALIZATIONS = [
    ("levels", "Lines by level", "histogram", BARS, [COUNT, OVER_TIME, terms("level", 8, "3", "group")], ""),
    ("services", "Errors by service", "histogram", BARS, [COUNT, OVER_TIME, terms("service_name", 10, "3", "group")], "level: (error or fatal or critical)"),
    ("messages", "Most frequent errors", "table", TABLE, [COUNT, terms("message.keyword", 20, "2", "bucket")], "level: (error or fatal or critical)"),
    ("pods", "Noisiest pods", "table", TABLE, [COUNT, terms("kubernetes.pod_name", 20, "2", "bucket")], ""),
]


def source(query):
    return packed({"query": {"query": query, "language": "kuery"}, "filter": [],
                   "indexRefName": "kibanaSavedObjectMeta.searchSourceJSON.index"})


def reference(name, kind, identity):
    return {"name": name, "type": kind, "id": identity}


def saved(kind, identity, attributes, references):
    return {"type": kind, "id": identity, "attributes": attributes, "references": references, "coreMigrationVersion": VERSION,
            "migrationVersion": {kind: VERSION if kind not in ("index-pattern", "search") else {"index-pattern": "7.11.0", "search": "7.9.3"}[kind]}}


def objects():
    meta_index = [reference("kibanaSavedObjectMeta.searchSourceJSON.index", "index-pattern", VIEW)]
    yield saved("index-pattern", VIEW, {"title": "echo-logs-*", "timeFieldName": "@timestamp", "fields": "[]", "runtimeFieldMap": "{}",
                                        "fieldAttrs": packed({"service_name": {"count": 5}, "level": {"count": 5}})}, [])
    for name, title, query, columns in SEARCHES:
        yield saved("search", f"echo-{name}", {"title": title, "description": "", "columns": columns, "sort": [["@timestamp", "desc"]],
                                               "kibanaSavedObjectMeta": {"searchSourceJSON": source(query)}}, meta_index)
    for name, title, kind, parameters, aggregations, query in VISUALIZATIONS:
        yield saved("visualization", f"echo-{name}",
                    {"title": "Echo: " + title, "description": "", "uiStateJSON": "{}", "version": 1,
                     "visState": packed({"title": "Echo: " + title, "type": kind, "params": parameters, "aggs": aggregations}),
                     "kibanaSavedObjectMeta": {"searchSourceJSON": source(query)}}, meta_index)
    panels, references = [], []
    shown = [("visualization", v[0]) for v in VISUALIZATIONS] + [("search", "errors"), ("search", "security")]
    for index, (kind, name) in enumerate(shown):
        panels.append({"version": VERSION, "type": kind, "panelIndex": str(index), "embeddableConfig": {"enhancements": {}},
                       "panelRefName": f"panel_{index}",
                       "gridData": {"x": index % 2 * PANEL_WIDTH, "y": index // 2 * PANEL_HEIGHT, "w": PANEL_WIDTH, "h": PANEL_HEIGHT, "i": str(index)}})
        references.append(reference(f"{index}:panel_{index}", kind, f"echo-{name}"))
    yield saved("dashboard", "echo-logs",
                {"title": "Echo: logs", "description": "Lines by level and service, frequent errors, security events.", "version": 1,
                 "hits": 0, "timeRestore": True, "timeFrom": "now-24h", "timeTo": "now",
                 "refreshInterval": {"pause": False, "value": 60000},
                 "optionsJSON": packed({"useMargins": True, "syncColors": True, "hidePanelTitles": False}), "panelsJSON": packed(panels),
                 "kibanaSavedObjectMeta": {"searchSourceJSON": packed({"query": {"query": "", "language": "kuery"}, "filter": []})}}, references)


def main(check):
    text = "".join(packed(o) + "\n" for o in objects())
    if not check:
        with open(FILE, "w", encoding="utf-8") as file:
            file.write(text)
    elif open(FILE, encoding="utf-8").read() != text:
        sys.exit(f"{FILE} is not what saved_objects.py writes; run it")


if __name__ == "__main__":
    main(sys.argv[1:] == ["--check"])
