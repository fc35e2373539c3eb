#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job on one machine, before your eyes: what ./dev demo runs.

Makes a folder shaped like a Kubernetes node (tests/data/make_node.py), runs tailrace on it while containers go on writing and
their files rotate, and shows what came of it. The documents go to a small bulk endpoint in this program, which writes each request's
body to a file and counts; with --elasticsearch to a real Elasticsearch of tests/services, which is asked for them.

usage: demo.py [--elasticsearch] [--lines N] [--seconds S] [--folder FOLDER]
"""

import argparse
import json
import os
import shutil
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))
import harness  # noqa: E402
from fake_bulk import FakeBulk  # noqa: E402
from node_harness import Load, make_node  # noqa: E402

SAMPLES = ("echo-api", "echo-signaling", "postgresql", "etcd", "nginx", "load")
PATIENCE_SECONDS = 120


class Endpoint(FakeBulk):
    """A bulk endpoint that also writes each body to bodies/NNNNN.ndjson."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.bodies = 0
        os.makedirs(folder, exist_ok=True)

    def apply(self, body, path, decide):
        answer = super().apply(body, path, decide)
        with self._lock:
            self.bodies += 1
            number = self.bodies
        with open(os.path.join(self.folder, f"{number:05d}.ndjson"), "wb") as file:
            file.write(body)
        return answer

    def samples(self):
        return [document for _, document in self.items()]

    def close(self):
        self.stop()


class RealElasticsearch:
    """The kit's Elasticsearch with Echo's index template, where that is there."""

    def __init__(self, _folder):
        print("starting a real Elasticsearch (the first time it is downloaded) ...", flush=True)
        self.node = harness.elasticsearch()
        self.port = int(self.node.url.rsplit(":", 1)[1])
        template = os.path.join(ROOT, "conf", "echo", "elasticsearch", "echo-logs.json")
        if os.path.exists(template):
            with open(template, encoding="utf-8") as file:
                harness.http_json("PUT", f"{self.node.url}/_index_template/echo-logs", json.load(file))

    def count(self):
        status, _ = harness.http("POST", f"{self.node.url}/echo-logs-*/_refresh")
        return harness.http_json("GET", f"{self.node.url}/echo-logs-*/_count")["count"] if status == 200 else 0

    def samples(self):
        hits = []
        for name in SAMPLES:
            query = {"query": {"match_phrase": {"service_name": name}}, "size": 1}
            hits += harness.http_json("POST", f"{self.node.url}/echo-logs-*/_search", query)["hits"]["hits"]
        return [hit["_source"] for hit in hits]

    def close(self):
        indices = harness.http("GET", f"{self.node.url}/_cat/indices/echo-logs-*?v&h=index,docs.count,store.size")[1]
        print("\n" + indices.decode().rstrip())


def wait_for_documents(target, lines, agent):
    """Until a document for each line is there; returns how many there are."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (count := target.count()) < lines and time.monotonic() < end and agent.running():
        time.sleep(0.2)
    return count


def show_samples(documents):
    shown = set()
    for document in documents:
        service = document.get("service_name")
        if service in SAMPLES and service not in shown:
            shown.add(service)
            text = json.dumps(document, ensure_ascii=False, indent=2)
            print(f"\n--- {service}\n{text if len(text) < 1500 else text[:1500] + ' ...'}")


def run(arguments, folder):
    node = os.path.join(folder, "node")
    expected = make_node.build(node, arguments.lines // len(make_node.echo_lines.SERVICES))
    containers = [e for path, e in expected.items() if "/var/log/containers/" in path]
    standing, size = sum(e["lines"] for e in containers), sum(e["bytes"] for e in containers)
    print(f"a node with {len(containers)} containers: {standing} lines, {size / 1e6:.1f} MB under {node}")

    target = RealElasticsearch(folder) if arguments.elasticsearch else Endpoint(os.path.join(folder, "bodies")).start()
    with open(os.path.join(ROOT, "tests", "demo", "fluent.conf"), encoding="utf-8") as file:
        conf = file.read()
    agent = harness.Agent(conf, folder, "tailrace", env={"DEMO_NODE": node, "DEMO_STATE": folder, "DEMO_PORT": str(target.port)})
    load = Load(node, 4, "rename", rotate_bytes=400_000)
    begin = time.monotonic()
    agent.start()
    load.start(lines_per_second=2000, seconds=arguments.seconds)
    print(f"tailrace reads; 4 containers go on writing for {arguments.seconds} s, their files rotate ...", flush=True)
    peak = 0
    while load.running() and agent.running():
        peak = max(peak, agent.rss_bytes())
        time.sleep(0.1)
    lines = standing + load.written()
    documents = wait_for_documents(target, lines, agent)
    if not agent.running():
        print(agent.log(), file=sys.stderr)
        return 1
    seconds, cpu = time.monotonic() - begin, agent.cpu_seconds()
    peak = max(peak, agent.rss_bytes())
    code = agent.stop()

    written = sum(log.bytes_written for log in load.logs)
    megabytes = (size + written) / 1e6
    print(f"\nlines written      {lines} ({load.rotations()} rotations)")
    print(f"documents          {documents}")
    print(f"missing            {lines - documents}")
    if isinstance(target, Endpoint):
        print(f"sent again         {target.conflicts} (each recognised by its id)")
        print(f"bulk bodies        {target.bodies}, {target.bulk_bytes / 1e6:.1f} MB, in {target.folder}")
    print(f"input              {megabytes:.1f} MB in {seconds:.1f} s of wall time")
    print(f"CPU                {cpu:.2f} s: {megabytes / max(cpu, 0.01):.0f} MB of input per CPU second")
    print(f"resident memory    {peak / 1e6:.1f} MB at most")
    print(f"tailrace ended     with {code}")
    for line in agent.log().splitlines():
        if "dropped" in line or "lost" in line:
            print("  " + line)
    show_samples(target.samples())
    target.close()
    return 0 if documents == lines and code == 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--elasticsearch", action="store_true", help="into a real Elasticsearch")
    parser.add_argument("--lines", type=int, default=60_000, help="lines of Echo's services that are there at the start")
    parser.add_argument("--seconds", type=float, default=8, help="how long containers go on writing")
    parser.add_argument("--folder", default=os.path.join(ROOT, "build", "demo"), help="made anew, stays there to be looked at")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.folder)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    status = run(arguments, folder)
    print(f"\nnode, configuration, log and bulk bodies are in {folder}")
    return status


if __name__ == "__main__":
    sys.exit(main())
