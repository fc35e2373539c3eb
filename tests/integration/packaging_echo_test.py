#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packaging/echo: rules, alerts and dashboards in a real Prometheus and Alertmanager; lifecycle policies, templates and
saved objects. Grafana, Kibana and OpenSearch's index management are not to be had: what is for them is checked in form only."""

import glob
import json
import os
import re
import subprocess

import harness
import stack_harness as stack
import stand_ins
from harness import ROOT, Case, http, http_json, main, wait_until

ECHO = os.path.join(stack.PACKAGING, "echo")
# Metrics in PromQL: names with an underscore or colon that are not functions, labels or keywords.
METRIC = re.compile(r"\b(?:(?:tailrace|fluentd|echo|http|node|kube|container|pg|redis|elasticsearch|probe)_\w+|up|ALERTS|[a-z]+:\w+:\w+)\b(?!\()")
AGENT_METRIC = re.compile(r'"((?:tailrace|fluentd)_[a-z_]+)"')
VARIABLES = {"$service": ".*", "$node": ".*", "$namespace": ".*", "$__rate_interval": "1m"}


def metrics(expression):
    """The metrics of an expression: strings and label names taken out first."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    return set(METRIC.findall(bare))


def rules():
    """(file, rule) of all rule files."""
    for path in sorted(glob.glob(os.path.join(ECHO, "prometheus", "rules", "*.yml"))):
        with open(path, encoding="utf-8") as file:
            for group in stack.yaml.safe_load(file)["groups"]:
                for rule in group["rules"]:
                    yield os.path.basename(path), rule


def dashboards():
    for path in sorted(glob.glob(os.path.join(ECHO, "grafana", "dashboards", "*.json"))):
        with open(path, encoding="utf-8") as file:
            yield json.load(file)


def queries():
    """(where, expression) of all dashboards' panels, variables and annotations."""
    for board in dashboards():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                if "expr" in target:
                    yield f"{board['uid']}: {panel['title']}", target["expr"]
        for annotation in board["annotations"]["list"]:
            yield f"{board['uid']}: {annotation['name']}", annotation["expr"]


def run(*argv, cwd=ECHO):
    return subprocess.run(argv, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


class Files(Case):
    def test_logging_is_that_of_conf_echo(self):
        for ours, theirs in (("logging/fluentd/fluent.conf", "fluent.conf"),
                             ("logging/elasticsearch/templates/echo-logs.json", "elasticsearch/echo-logs.json"),
                             ("logging/elasticsearch/policies/echo-logs-policy.json", "elasticsearch/echo-logs-policy.json")):
            with open(os.path.join(ROOT, "conf", "echo", theirs), encoding="utf-8") as file:
                self.assertEqual(file.read(), stack.read("echo", ours), f"{ours} is a copy of conf/echo/{theirs}")

    def test_generated_files_are_current(self):
        for program in ("grafana/dashboards.py", "logging/kibana/saved_objects.py"):
            done = run("python3", os.path.join(ECHO, program), "--check")
            self.assertEqual(0, done.returncode, done.stderr)

    def test_each_alert_has_severity_summary_runbook_and_both_unit_tests(self):
        runbooks = set(re.findall(r"^## (\w+)$", stack.read("echo", "runbooks.md"), re.M))
        fires, quiet = set(), set()
        for path in glob.glob(os.path.join(ECHO, "prometheus", "tests", "*.yml")):
            with open(path, encoding="utf-8") as file:
                for test in stack.yaml.safe_load(file)["tests"]:
                    for case in test["alert_rule_test"]:
                        (fires if case["exp_alerts"] else quiet).add(case["alertname"])
        names = {rule["alert"]: rule for _, rule in rules() if "alert" in rule}
        self.assertEqual(set(names), runbooks)
        self.assertEqual(set(names), fires)
        self.assertEqual(set(names), quiet | {"Watchdog"})
        for name, rule in names.items():
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "none"), name)
            self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"], name)
            self.assertTrue(rule["annotations"]["runbook_url"].endswith("/" + name), name)

    def test_the_agent_has_the_metrics_that_are_asked_for(self):
        source = "".join(open(path, encoding="utf-8").read() for path in glob.glob(os.path.join(ROOT, "src", "**", "*.cpp"), recursive=True))
        has = set(AGENT_METRIC.findall(source))
        used = set().union(*(metrics(e) for _, e in queries()), *(metrics(rule["expr"]) for _, rule in rules()))
        asked = {name for name in used if re.match("(?:tailrace|fluentd)_", name)}
        self.assertGreater(len(asked), 10)
        self.assertEqual(set(), asked - has)
        self.assertEqual(set(), stand_ins.names("tailrace") - has, "exporters/tailrace.prom")

    def test_opensearch_policy_follows_its_schema_and_its_twin(self):
        policy = json.loads(stack.read("echo", "logging/opensearch/echo-logs-ism-policy.json"))["policy"]
        states = {state["name"]: state for state in policy["states"]}
        self.assertLessEqual(set(policy), {"policy_id", "description", "default_state", "states", "ism_template", "error_notification"})
        self.assertIn(policy["default_state"], states)
        actions = {"index_priority", "read_only", "read_write", "force_merge", "delete", "rollover", "replica_count", "open", "close",
                   "snapshot", "shrink", "allocation", "notification", "rollup", "transform", "alias"}
        for state in policy["states"]:
            self.assertEqual({"name", "actions", "transitions"}, set(state))
            for action in state["actions"]:
                self.assertEqual(1, len(set(action) - {"retry", "timeout"}), action)
                self.assertLessEqual(set(action) - {"retry", "timeout"}, actions)
                self.assertLessEqual(set(action.get("retry", {})), {"count", "backoff", "delay"})
            for transition in state["transitions"]:
                self.assertIn(transition["state_name"], states)
                self.assertLessEqual(set(transition["conditions"]),
                                     {"min_index_age", "min_rollover_age", "min_doc_count", "min_size", "cron"})
        twin = json.loads(stack.read("echo", "logging/elasticsearch/policies/echo-logs-policy.json"))["policy"]["phases"]
        for before, after in (("hot", "warm"), ("warm", "cold"), ("cold", "delete")):
            transition, = states[before]["transitions"]
            self.assertEqual(after, transition["state_name"])
            self.assertEqual(twin[after]["min_age"], transition["conditions"]["min_index_age"])
        self.assertEqual({"set_priority", "readonly", "forcemerge"}, set(twin["warm"]["actions"]))
        self.assertEqual(["index_priority", "read_only", "force_merge"],
                         [next(iter(set(a) - {"retry", "timeout"})) for a in states["warm"]["actions"]])

    def test_kibana_objects_refer_to_each_other_and_to_fields_of_the_template(self):
        objects = [json.loads(line) for line in stack.read("echo", "logging/kibana/echo-logs.ndjson").splitlines()]
        there = {(o["type"], o["id"]) for o in objects}
        self.assertEqual(len(objects), len(there))
        self.assertEqual({"index-pattern", "search", "visualization", "dashboard"}, {o["type"] for o in objects})
        fields = template_fields(json.loads(stack.read("echo", "logging/elasticsearch/templates/echo-logs.json")))
        for item in objects:
            for reference in item["references"]:
                self.assertIn((reference["type"], reference["id"]), there, item["id"])
            attributes = item["attributes"]
            used = set(attributes.get("columns", []))
            if "visState" in attributes:
                state = json.loads(attributes["visState"])
                used |= {a["params"]["field"] for a in state["aggs"] if "field" in a["params"]}
            if "kibanaSavedObjectMeta" in attributes:
                query = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
                used |= set(re.findall(r"([\w.@]+)\s*:", query))
            self.assertEqual(set(), used - fields, item["id"])
            named = {panel["panelRefName"] for panel in json.loads(attributes.get("panelsJSON", "[]"))}
            if item["type"] == "dashboard":
                self.assertEqual(named, {r["name"].split(":")[1] for r in item["references"]})

    def test_dashboards_are_whole(self):
        seen = set()
        for board in dashboards():
            self.assertNotIn(board["uid"], seen)
            seen.add(board["uid"])
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)), board["uid"])
            variables = {v["name"] for v in board["templating"]["list"]}
            for panel in board["panels"]:
                grid = panel["gridPos"]
                self.assertLessEqual(grid["x"] + grid["w"], 24)
                for target in panel.get("targets", []):
                    for name in re.findall(r"\$(\w+)", target.get("expr", "")):
                        self.assertIn(name, variables | {"__rate_interval"}, f"{board['uid']}: {panel['title']}")
        self.assertEqual({"echo-overview", "echo-webrtc", "echo-infrastructure", "echo-databases", "echo-errors", "tailrace"}, seen)


def template_fields(template):
    """Names of the fields of an index template, with sub-fields."""
    def walk(properties, prefix):
        for name, body in properties.items():
            yield prefix + name
            yield from walk(body.get("properties", {}), prefix + name + ".")
            yield from walk(body.get("fields", {}), prefix + name + ".")
    return set(walk(template["template"]["mappings"]["properties"], ""))


class Tools(Case):
    def test_dashboards_follow_the_published_schema(self):
        files = sorted(glob.glob(os.path.join(ECHO, "grafana", "dashboards", "*.json")))
        done = run(stack.dashboardcheck(), *files)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertEqual("", done.stdout)
        broken = self.write("broken.json", stack.read("echo", "grafana", "dashboards", "tailrace.json").replace('"colorMode"', '"colourMode"'))
        self.assertNotEqual(0, run(stack.dashboardcheck(), broken).returncode, "a misspelt option is found")

    def test_rules_and_their_unit_tests(self):
        promtool = stack.tool("promtool", "prometheus")
        files = sorted(glob.glob(os.path.join(ECHO, "prometheus", "rules", "*.yml")))
        done = run(promtool, "check", "rules", *files)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        tests = sorted(glob.glob(os.path.join(ECHO, "prometheus", "tests", "*.yml")))
        done = run(promtool, "test", "rules", *tests)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_prometheus_configuration(self):
        promtool = stack.tool("promtool", "prometheus")
        parts = {name: stack.read("echo", "prometheus", name) for name in ("prometheus.yml", "remote-write.yml", "federate.yml")}
        for name, text in (("whole", parts["prometheus.yml"] + parts["remote-write.yml"]), ("federate", parts["federate.yml"])):
            path = self.write(name + ".yml", stack.yaml.safe_dump(stack.without_discovery(stack.yaml.safe_load(text))))
            done = run(promtool, "check", "config", "--syntax-only", path)
            self.assertEqual(0, done.returncode, name + done.stdout + done.stderr)

    def test_alertmanager_configuration_and_routes(self):
        amtool = stack.tool("amtool", "prometheus-alertmanager")
        conf = os.path.join(ECHO, "alertmanager", "alertmanager.yml")
        done = run(amtool, "check-config", conf)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        for labels, receivers in ((("severity=critical", "team=echo"), "webhook,critical"),
                                  (("severity=warning", "team=platform"), "webhook,slack-warnings"),
                                  (("severity=critical", "team=security"), "webhook,security-mail,critical"),
                                  (("severity=none", "alertname=Watchdog"), "webhook")):
            done = run(amtool, "config", "routes", "test", f"--config.file={conf}", f"--verify.receivers={receivers}", *labels)
            self.assertEqual(0, done.returncode, f"{labels}: {done.stdout}{done.stderr}")


class LiveStack(Case):
    """Prometheus and Alertmanager run with the shipped rules and routes; only where things are, and waits, are changed."""

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.Monitoring(ECHO)
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.start()

    def prometheus(self, path, **parameters):
        return self.stack.query(path, **parameters)

    def test_every_expression_of_dashboards_and_rules_gives_data(self):
        may_be_empty = re.compile(r"ALERTS\{|^absent")
        known = set(self.prometheus("/api/v1/label/__name__/values"))
        expressions = list(queries()) + [(f"{file}: {rule.get('alert', rule.get('record'))}", rule["expr"]) for file, rule in rules()]
        self.assertGreater(len(expressions), 150)
        for where, expression in expressions:
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            for metric in metrics(expression) - {"ALERTS"}:
                self.assertIn(metric, known, where)
            result = self.prometheus("/api/v1/query", query=expression)["result"]
            is_alert = where.split(":")[0].endswith(".yml") and re.match(r"[A-Z]", where.split(": ")[1])
            if not is_alert and not may_be_empty.search(expression):
                self.assertTrue(result, f"{where} shows nothing: {expression}")

    def test_rules_are_loaded_and_evaluate_without_errors(self):
        groups = self.prometheus("/api/v1/rules")["groups"]
        loaded = [rule for group in groups for rule in group["rules"]]
        self.assertEqual(len(list(rules())), len(loaded))
        self.assertEqual([], [rule["name"] + ": " + rule["lastError"] for rule in loaded if rule.get("lastError")])

    def test_alerts_are_delivered_to_every_receiver(self):
        self.stack.exporter.away.add("echo-app")
        self.addCleanup(self.stack.exporter.away.discard, "echo-app")
        receiver, mails = self.stack.receiver, self.stack.mails
        # A security alert, posted as Prometheus would.
        http_json("POST", self.stack.alertmanager_url + "/api/v2/alerts", [{"labels": {
            "alertname": "SecurityIncident", "severity": "critical", "team": "security", "type": "token_reuse"},
            "annotations": {"summary": "Security event: token_reuse", "description": "d", "runbook_url": "https://r/SecurityIncident"}}])

        def has(path, text):
            return any(text in json.dumps(body) for body in receiver.posted(path))
        wait_until(lambda: has("/webhook", "EchoAppDown"), "EchoAppDown at the webhook", 60)
        wait_until(lambda: has("/slack", "EchoAppDown"), "EchoAppDown in Slack")
        wait_until(lambda: has("/pagerduty", "EchoAppDown"), "EchoAppDown at PagerDuty")
        wait_until(lambda: has("/webhook", "Watchdog"), "the watchdog")
        wait_until(lambda: any("token_reuse" in mail for mail in mails.mails), "a mail about the security event")
        self.assertFalse(any("EchoAppDown" in mail for mail in mails.mails), "only security alerts are mailed")
        delivered = next(body for body in receiver.posted("/pagerduty") if "EchoAppDown" in json.dumps(body))
        self.assertEqual("trigger", delivered["event_action"])
        self.assertIn("runbooks.echo.example.com/EchoAppDown", json.dumps(delivered))
        self.stack.exporter.away.discard("echo-app")
        wait_until(lambda: any("resolved" == body["status"] and "EchoAppDown" in json.dumps(body)
                               for body in receiver.posted("/webhook")), "EchoAppDown resolved at the webhook", 60)


class Lifecycle(Case):
    """The policies, with shortened times, in Elasticsearch 6.8, the version of the kit that carries policies out."""

    def setUp(self):
        super().setUp()
        self.server = stack.elasticsearch6()

    def policy(self, file, **ages):
        policy = json.loads(stack.read("echo", "logging/elasticsearch/policies", file))
        for phase, age in ages.items():
            policy["policy"]["phases"][phase]["min_age"] = age
        return policy

    def put(self, path, body):
        http_json("PUT", self.server + path, body)

    def settings(self, index):
        status, body = http("GET", f"{self.server}/{index}/_settings")
        return None if status == 404 else json.loads(body)[index]["settings"]["index"]

    def follow(self, index, policy):
        """Waits until the index is gone; returns the phases it was seen in and whether it was read-only in warm."""
        phases, read_only = [], False

        def gone():
            nonlocal read_only
            status, body = http("GET", f"{self.server}/{index}/_ilm/explain")
            if status == 404:
                return True
            explained = json.loads(body)["indices"].get(index, {})
            self.assertNotEqual("ERROR", explained.get("step"), explained)
            if explained.get("phase") and (not phases or phases[-1] != explained["phase"]):
                phases.append(explained["phase"])
            settings = self.settings(index)
            if settings:
                read_only = read_only or settings.get("blocks", {}).get("write") == "true"
            return False
        wait_until(gone, f"{index} deleted by {policy}; seen: {phases}", 90)
        return phases, read_only

    def test_daily_index_goes_through_its_phases(self):
        self.put("/_ilm/policy/echo-logs", self.policy("echo-logs-policy.json", warm="1s", cold="6s", delete="10s"))
        self.put("/echo-logs-2026.01.01", {"settings": {"number_of_replicas": 0, "index.lifecycle.name": "echo-logs"}})
        http_json("POST", f"{self.server}/echo-logs-2026.01.01/doc?refresh=true", {"message": "a line"})
        phases, read_only = self.follow("echo-logs-2026.01.01", "echo-logs")
        self.assertEqual(["hot", "warm", "cold"], [p for p in phases if p in ("hot", "warm", "cold")])
        self.assertTrue(read_only, "read-only from warm on")

    def test_rollover_index_is_rolled_and_deleted(self):
        policy = self.policy("echo-logs-rollover-policy.json", warm="1s", cold="4s", delete="8s")
        policy["policy"]["phases"]["hot"]["actions"]["rollover"] = {"max_docs": 1}
        self.put("/_ilm/policy/echo-rolled", policy)
        self.put("/_template/rolled", {"index_patterns": ["rolled-*"], "settings": {
            "number_of_replicas": 0, "index.lifecycle.name": "echo-rolled", "index.lifecycle.rollover_alias": "rolled"}})
        self.put("/rolled-000001", {"aliases": {"rolled": {"is_write_index": True}}})
        http_json("POST", f"{self.server}/rolled/doc?refresh=true", {"message": "a line"})
        phases, read_only = self.follow("rolled-000001", "echo-rolled")
        self.assertIn("warm", phases)
        self.assertTrue(read_only)
        self.assertIsNotNone(self.settings("rolled-000002"), "writing goes on in the next index")


if __name__ == "__main__":
    main()
