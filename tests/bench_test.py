#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measuring stick itself: a benchmark that cannot see a lost line proves nothing.

Generator, floor and sink run against each other; each test makes something go wrong on purpose and
demands that the books show exactly that.
"""

import contextlib
import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("TAILRACE_BIN", ROOT / "build/release/tailrace")).parent
sys.path.insert(0, str(ROOT / "bench/pipeline"))

import harness  # noqa: E402
import instructions  # noqa: E402
import modes  # noqa: E402
import report  # noqa: E402
from workloads import BY_NAME  # noqa: E402


def bulk(url, body, headers=None):
    request = urllib.request.Request(url + "/_bulk", data=body, method="POST", headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def item(number, identity=None, op="create"):
    action = {"_index": "x", **({"_id": identity} if identity else {})}
    return json.dumps({op: action}) + "\n" + json.dumps({"seq": f"c0:{number}"}) + "\n"


class Bench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.tools = harness.Tools(BUILD)
        cls.manifests = {
            kind: harness.generate(cls.tools, cls.path / kind, BY_NAME[name], "4MB", seed=7)
            for kind, name in (("app", "W1"), ("nginx", "W4"), ("stack", "W10"))}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def sink(self, kind="app", extra=()):
        return harness.Sink(self.tools, self.path / kind / "manifest.json", self.path / "sink.log",
                            extra)

    def floor(self, sink, kind="app", arguments=("--metadata", "--send"), files=None):
        files = files or harness.log_files(self.manifests[kind])
        return harness.run_floor(self.tools, arguments, files, sink)


class Generator(Bench):
    def test_same_seed_same_bytes(self):
        again = harness.generate(self.tools, self.path / "again", BY_NAME["W1"], "4MB", seed=7)
        for one, two in zip(harness.log_files(self.manifests["app"]), harness.log_files(again)):
            self.assertEqual(pathlib.Path(one).read_bytes(), pathlib.Path(two).read_bytes())

    def test_manifest_counts_what_is_there(self):
        for manifest in self.manifests.values():
            for entry in manifest["files"]:
                data = pathlib.Path(entry["path"]).read_bytes()
                self.assertEqual(entry["bytes"], len(data))
                self.assertEqual(entry["lines"], data.count(b"\n"))
                self.assertEqual(entry["events"], len({t for t in data.split() if b"seq" in t})
                                 if not entry["pod"] else entry["events"])

    def test_shape_is_as_documented(self):
        total = self.manifests["app"]["total"]
        self.assertAlmostEqual(total["bytes"] / total["events"], 370, delta=10)
        self.assertAlmostEqual(total["lines"] / total["events"], 1.04, delta=0.01)
        lines = pathlib.Path(harness.log_files(self.manifests["app"])[0]).read_text(
            errors="surrogateescape").splitlines()
        bodies = [line.split(" ", 3)[3] for line in lines if line.split(" ", 3)[2] == "F"]
        whole = [b for b in bodies if b.startswith("{") and b.endswith("}")]
        self.assertTrue(all(len(json.loads(b)) == 12 for b in whole))
        self.assertGreater(len(whole), 0.9 * len(bodies))

    def test_pods_belong_to_the_files(self):
        pods = json.loads((self.path / "app/pods.json").read_text())["items"]
        names = {(p["metadata"]["namespace"], p["metadata"]["name"]) for p in pods}
        self.assertEqual(names, {(f["namespace"], f["pod"]) for f in self.manifests["app"]["files"]})
        links = sorted((self.path / "app/containers").iterdir())
        self.assertEqual(sorted(str(link.resolve()) for link in links),
                         sorted(str(pathlib.Path(p).resolve())
                                for p in harness.log_files(self.manifests["app"])))

    def test_rate_and_rotation(self):
        out = self.path / "rate"
        subprocess.run([self.tools.generate, "--out", out, "--files", "2", "--rate", "2MB",
                        "--duration", "1", "--rotate", "300kB"], check=True,
                       stdout=subprocess.DEVNULL)
        manifest = json.loads((out / "manifest.json").read_text())
        self.assertAlmostEqual(manifest["total"]["bytes"], 2e6, delta=2e5)
        for entry in manifest["files"]:
            generations = list(pathlib.Path(entry["path"]).parent.iterdir())
            self.assertGreater(len(generations), 2)
            self.assertEqual(entry["bytes"], sum(g.stat().st_size for g in generations))


class Books(Bench):
    def test_the_floor_delivers_everything_once(self):
        for kind, arguments in (("app", ("--send",)), ("app", ("--metadata", "--gzip", "--send")),
                                ("nginx", ("--format", "nginx", "--send")),
                                ("nginx", ("--format", "nginx-regex", "--send")),
                                ("stack", ("--format", "traces", "--send"))):
            with self.subTest(kind=kind, arguments=arguments), self.sink(kind) as sink:
                result = self.floor(sink, kind, arguments)
                books = sink.summary()
                total = self.manifests[kind]["total"]
                self.assertEqual(result["lines"], total["lines"])
                self.assertEqual(books["documents"], total["events"])
                self.assertEqual(
                    [books[k] for k in ("lost", "duplicates", "unknown", "invented")], [0] * 4)

    def test_both_nginx_floors_write_the_same(self):
        files = harness.log_files(self.manifests["nginx"])
        by_hand = harness.run_floor(self.tools, ("--format", "nginx"), files, None)
        by_pattern = harness.run_floor(self.tools, ("--format", "nginx-regex"), files, None)
        self.assertEqual(by_hand["text"], 0)
        self.assertEqual(by_hand["body_bytes"], by_pattern["body_bytes"])

    def test_a_file_not_read_is_lost(self):
        files = harness.log_files(self.manifests["app"])
        with self.sink() as sink:
            self.floor(sink, files=files[1:])
            books = sink.summary()
        self.assertEqual(books["lost"], self.manifests["app"]["files"][0]["events"])
        with self.assertRaisesRegex(harness.RunFailed, "lost"):
            modes.check(modes.Tailrace(None), BY_NAME["W1"], books)

    def test_an_event_stored_under_two_ids_is_a_duplicate(self):
        with self.sink() as sink:
            bulk(sink.url, (item(0, "a") + item(0, "b") + item(1)).encode())
            self.assertEqual(sink.counts()["duplicates"], 1)
            self.assertEqual(sink.counts()["unique"], 2)

    def test_create_with_a_known_id_is_a_conflict_and_not_stored(self):
        with self.sink() as sink:
            self.assertFalse(bulk(sink.url, item(0, "a").encode())["errors"])
            answer = bulk(sink.url, (item(1, "b") + item(0, "a") + item(2, "c")).encode())
            self.assertEqual([i["create"]["status"] for i in answer["items"]], [201, 409, 201])
            self.assertTrue(answer["errors"])
            self.assertEqual(sink.counts()["duplicates"], 0)
            self.assertEqual(sink.counts()["documents"], 3)

    def test_events_that_were_never_written_and_foreign_documents(self):
        with self.sink() as sink:
            bulk(sink.url, item(10_000_000).encode() + b'{"create":{}}\n{"a":1}\n')
            books = sink.summary()
        self.assertEqual((books["invented"], books["unknown"]), (1, 1))

    def test_sequence_is_found_in_text_and_in_escaped_json(self):
        with self.sink() as sink:
            bulk(sink.url, b'{"index":{}}\n{"message":"sequence of seq=c0:5 x"}\n'
                           b'{"index":{}}\n{"log":"{\\"seq\\":\\"c0:6\\"}"}\n')
            self.assertEqual(sink.counts()["unique"], 2)

    def test_delays_are_measured(self):
        with self.sink() as sink:
            sent = harness.time.time_ns() - 80_000_000
            bulk(sink.url, b'{"index":{}}\n{"seq":"c0:1","sent_ns":%d}\n' % sent)
            self.assertAlmostEqual(sink.counts()["delay_ms"]["p50"], 80, delta=30)


class SinkProtocol(Bench):
    def test_it_presents_itself_as_elasticsearch(self):
        with self.sink() as sink, urllib.request.urlopen(sink.url + "/") as answer:
            self.assertEqual(answer.headers["X-Elastic-Product"], "Elasticsearch")
            self.assertEqual(json.load(answer)["version"]["number"], "8.19.0")

    def test_gzip_and_chunked_bodies(self):
        with self.sink() as sink:
            bulk(sink.url, gzip.compress(item(0).encode()), {"Content-Encoding": "gzip"})
            chunked = urllib.request.Request(sink.url + "/_bulk", data=iter([b"", item(1).encode()]),
                                             method="POST")
            chunked.add_header("Transfer-Encoding", "chunked")
            with urllib.request.urlopen(chunked, timeout=10) as answer:
                self.assertEqual(len(json.load(answer)["items"]), 1)
            self.assertEqual(sink.counts()["unique"], 2)

    def test_items_are_left_out_where_filter_path_says_so(self):
        with self.sink() as sink:
            request = urllib.request.Request(
                sink.url + "/_bulk?filter_path=errors,items.*.error", data=item(0).encode())
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.assertNotIn("items", json.load(answer))

    def test_a_malformed_body_is_refused_and_counted(self):
        for body in (item(0).encode()[:-1], b"no json\n{}\n", b'{"create":{}}\n'):
            with self.subTest(body=body), self.sink() as sink:
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    bulk(sink.url, body)
                self.assertEqual(refused.exception.code, 400)
                self.assertEqual(sink.counts()["bad_requests"], 1)

    def test_failures_on_demand(self):
        with self.sink(extra=("--fail", "429:1")) as sink:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                bulk(sink.url, item(0).encode())
            self.assertEqual(refused.exception.code, 429)
            self.assertEqual(sink.counts()["documents"], 0)
        with self.sink(extra=("--fail-items", "503:0.5")) as sink:
            answer = bulk(sink.url, "".join(item(i) for i in range(100)).encode())
            failed = [i for i in answer["items"] if i["create"]["status"] == 503]
            self.assertTrue(30 < len(failed) < 70)
            self.assertEqual(sink.counts()["documents"], 100 - len(failed))

    def test_slow_answers_come_late(self):
        with self.sink(extra=("--slow", "300")) as sink:
            begin = harness.time.monotonic()
            bulk(sink.url, item(0).encode())
            self.assertGreaterEqual(harness.time.monotonic() - begin, 0.3)


class Gate(unittest.TestCase):
    def test_three_per_cent_more_fails(self):
        kept = {"null": {"per_line": 1000.0}}
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertTrue(instructions.compare({"null": {"per_line": 1029.0}}, kept))
            self.assertFalse(instructions.compare({"null": {"per_line": 1031.0}}, kept))
            self.assertFalse(instructions.compare({"new": {"per_line": 1.0}}, kept))
        self.assertIn("+3.10%  MORE THAN +3%", said.getvalue())


class Report(unittest.TestCase):
    def test_ratio_is_the_median_of_pairs(self):
        runs = [{"mb_per_cpu_s": v} for v in (50.0, 60.0, 90.0)]
        floors = [{"mb_per_cpu_s": v} for v in (100.0, 100.0, 100.0)]
        result = report.workload_result(BY_NAME["W1"], {"tailrace": runs}, floors, [])
        self.assertEqual(result["ratio_to_floor"], 0.6)
        self.assertEqual(result["medians"]["tailrace"]["mb_per_cpu_s"], 60.0)


if __name__ == "__main__":
    unittest.main()
