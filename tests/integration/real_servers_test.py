#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kit's servers start, are the real ones, and are shared: what the other suites lean on."""

import json
import os
import ssl
import unittest

import harness
from harness import http, http_json


class RealServers(unittest.TestCase):
    def test_elasticsearch(self):
        node = harness.elasticsearch()
        self.assertTrue(http_json("GET", node.url)["version"]["number"].startswith("8."))
        self.assertEqual(node.pid(), harness.elasticsearch().pid(), "asked for again, it is the same one")

    def test_elasticsearch_stops_and_starts_with_its_data(self):
        node = harness.elasticsearch(private="restart")
        http_json("PUT", f"{node.url}/kept/_doc/1?refresh=true", {"a": 1})
        node.stop()
        with self.assertRaises(OSError):
            http("GET", node.url)
        self.assertEqual(node.url, node.start())
        harness.wait_until(lambda: http("GET", f"{node.url}/kept/_doc/1")[0] == 200, "the document is back")
        node.stop()

    def test_opensearch(self):
        version = http_json("GET", harness.opensearch().url)["version"]
        self.assertEqual("opensearch", version["distribution"])

    def test_kafka(self):
        host, port = harness.kafka().split(":")
        self.assertEqual("127.0.0.1", host)
        self.assertNotEqual("0", port)

    def test_kubernetes(self):
        kube = harness.kubernetes("--nodes", "1")
        nodes = json.loads(kube.kubectl("get", "nodes", "-o", "json"))["items"]
        self.assertEqual(["fake-node-0"], [node["metadata"]["name"] for node in nodes])
        context = ssl.create_default_context(cafile=kube.ca)
        self.assertEqual(401, http("GET", kube.url + "/api/v1/pods", headers={"Authorization": "Bearer wrong"}, context=context)[0])
        self.assertTrue(os.path.exists(kube.kubeconfig))


if __name__ == "__main__":
    harness.main()
