#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The agent's own pages on a running agent: metrics, health, plugins, status."""

import glob
import html.parser
import json
import re
import shutil
import subprocess

from harness import Case, free_port, http, http_json, main

CONF = """
<source>
  @type prometheus
  @id metrics_port
  port {port}
</source>
<source>
  @type prometheus_output_monitor
  <labels>
    host ${{hostname}}
  </labels>
</source>
<source>
  @type monitor_agent
  bind 127.0.0.1
  port {monitor_port}
  tag monitor.plugins
  emit_interval 0.2
  include_config true
</source>
<source>
  @type tail
  @id app_files
  path {dir}/app.log
  pos_file {dir}/app.pos
  tag app.log
  read_from_head true
  <parse>
    @type json
  </parse>
</source>
<source>
  @type tail
  @id nowhere_files
  path {dir}/nowhere.log
  tag nowhere
  @label @NOWHERE
  read_from_head true
  <parse>
    @type none
  </parse>
</source>
<filter app.**>
  @type grep
  @id keep_a
  <exclude>
    key n
    pattern /^9$/
  </exclude>
</filter>
<match app.**>
  @type elasticsearch
  @id search
  host 127.0.0.1
  port {bulk_port}
  user elastic
  password very-secret
  <buffer>
    flush_mode immediate
    retry_wait 0.2
    retry_max_interval 0.5
    retry_forever true
  </buffer>
</match>
<match monitor.**>
  @type file
  path {dir}/monitor
  append true
  <format>
    @type json
  </format>
  <buffer>
    flush_mode immediate
  </buffer>
</match>
<label @NOWHERE>
  <filter **>
    @type parser
    key_name message
    <parse>
      @type json
    </parse>
  </filter>
  <match **>
    @type null
  </match>
</label>
"""
SAMPLE = re.compile(r'^[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="([^"\\\n]|\\[\\"n])*",?)*\})? (NaN|[+-]Inf|-?[\d.e+-]+)$')


class Tags(html.parser.HTMLParser):
    """Fails where tags do not close in order; collects the text."""

    VOID = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.text, self.scripts = [], "", 0

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class PagesTest(Case):
    def setUp(self):
        super().setUp()
        self.bulk = self.fake_bulk()
        self.port, self.monitor_port = free_port(), free_port()
        self.conf = CONF.format(dir=self.dir, port=self.port, monitor_port=self.monitor_port,
                                bulk_port=self.bulk.port)
        self.write("app.log", "".join(json.dumps({"n": n}) + "\n" for n in range(20)))
        self.write("nowhere.log", "<no json & more>\n")
        self.running = self.agent(self.conf)
        self.wait_until(lambda: self.bulk.count() == 19, "19 documents")

    def get(self, path, headers=None):
        status, body = http("GET", f"http://127.0.0.1:{self.port}{path}", headers=headers)
        return status, body.decode()

    def metrics(self):
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        return text

    def test_metrics_are_valid_and_count_what_happened(self):
        text = self.metrics()
        for line in text.splitlines():
            self.assertTrue(line.startswith("# ") or SAMPLE.match(line), line)
        series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("# ")]
        self.assertEqual(sorted(set(series)), sorted(series), "no series twice")
        self.assertRegex(text, r'(?m)^tailrace_input_events_total\{plugin_id="app_files",type="tail"\} 20$')
        self.assertRegex(text, r'(?m)^tailrace_events_dropped_total\{reason="\w+"\} 1$')
        self.assertRegex(
            text, r'(?m)^fluentd_output_status_emit_records\{plugin_id="search",type="elasticsearch",host="[^"]+"\} 19$')
        self.assertIn("# TYPE fluentd_output_status_retry_count gauge\n", text)
        self.assertIn('fluentd_tail_file_position{plugin_id="app_files",', text)
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
            self.assertNotIn(b"error while linting", checked.stderr)
            self.assertEqual(checked.stderr.count(b"parsing"), 0, checked.stderr)
        status, open_metrics = self.get("/metrics", {"Accept": "application/openmetrics-text"})
        self.assertEqual(status, 200)
        self.assertTrue(open_metrics.endswith("# EOF\n"))
        self.assertEqual(self.get("/aggregated_metrics")[0], 200)

    def test_readiness_names_the_output_that_cannot_deliver(self):
        self.assertEqual(self.get("/healthz"), (200, "ok\n"))
        self.assertEqual(self.get("/readyz"), (200, "ready\n"))
        self.bulk.stop()
        self.write("app.log", '{"n": 100}\n', "ab")
        self.wait_until(lambda: self.get("/readyz")[0] == 503, "not ready")
        status, text = self.get("/readyz")
        self.assertEqual(status, 503)
        self.assertRegex(text, r"^output search: .*127\.0\.0\.1:%d.*\(for \d+ s\)\n$" % self.bulk.port)
        self.assertEqual(self.get("/healthz")[0], 200, "a destination that is down is no reason to be killed")
        status, page = self.get("/")
        self.assertIn("not ready", page)

    def test_plugins_are_shown_as_monitor_agent_shows_them(self):
        url = f"http://127.0.0.1:{self.monitor_port}/api/plugins.json"
        def by_id():
            return {plugin["plugin_id"]: plugin for plugin in http_json("GET", url)["plugins"]}
        self.wait_until(lambda: by_id()["search"]["buffer_queue_length"] == 0, "an empty queue")
        plugins = by_id()
        search = plugins["search"]
        self.assertEqual((search["plugin_category"], search["type"], search["output_plugin"]),
                         ("output", "elasticsearch", True))
        self.assertEqual((search["emit_records"], search["retry_count"], search["buffer_queue_length"]), (19, 0, 0))
        self.assertEqual(search["config"]["user"], "elastic")
        self.assertEqual(search["config"]["password"], "xxxxxx")
        self.assertEqual(plugins["keep_a"]["plugin_category"], "filter")
        self.assertEqual(plugins["app_files"]["emit_records"], 20)
        asked = http_json("GET", url + "?@id=search")["plugins"]
        self.assertEqual([plugin["plugin_id"] for plugin in asked], ["search"])
        by_tag = http_json("GET", url + "?tag=app.log")["plugins"]
        self.assertEqual([plugin["plugin_id"] for plugin in by_tag], ["search"])
        self.assertEqual(http_json("GET", url + "?@type=nothing"), {"plugins": []})
        config = http_json("GET", f"http://127.0.0.1:{self.monitor_port}/api/config.json")
        self.assertEqual(config["pid"], self.running.process.pid)

        def emitted():
            events = [json.loads(line) for line in self.logged("monitor")[:-1]]
            return [event for event in events if event["plugin_id"] == "search" and event["emit_records"] == 19]
        self.wait_until(emitted, "an event about the output")
        self.assertNotIn("very-secret", json.dumps(http_json("GET", url)) + self.get("/")[1] + self.running.log())

    def logged(self, name):
        lines = []
        for path in glob.glob(f"{self.dir}/{name}.*.log"):
            with open(path, encoding="utf-8") as file:
                lines += file.read().splitlines()
        return lines

    def test_the_status_page_draws_the_pipeline(self):
        status, page = self.get("/")
        self.assertEqual(status, 200)
        tags = Tags()
        tags.feed(page)
        self.assertEqual((tags.open, tags.scripts), ([], 0))
        for text in ("tail", "app_files", "grep", "elasticsearch", "@NOWHERE", "top level", "<no json & more>"):
            self.assertIn(text, tags.text)
        self.assertNotIn("<no json", page, "what came in is escaped")

    def test_other_pages(self):
        self.assertEqual(self.get("/nothing")[0], 404)
        self.assertEqual(http("POST", f"http://127.0.0.1:{self.port}/metrics", b"x")[0], 405)
        state = json.loads(self.get("/api/state.json")[1])
        self.assertIn("search", [plugin["plugin_id"] for plugin in state["plugins"]])
        self.assertIn("tailrace_events_read_total", [metric["name"] for metric in state["metrics"]])

    def test_a_port_that_is_taken_stops_the_start(self):
        other = self.agent(self.conf, name="other")
        self.assertEqual(other.wait_exit(), 1)
        self.assertIn(f"cannot listen on 127.0.0.1:{self.port}: Address already in use", other.log())


if __name__ == "__main__":
    main()
