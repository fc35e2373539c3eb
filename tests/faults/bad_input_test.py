#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are not as they should be: their good lines arrive once, the bad ones are told, the agent goes on."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness
from node_harness import SOURCE, NodeCase, pipeline, raw_documents

import wrap  # of tests/data, which node_harness has put on the path

GOOD = 50


class BadInput(NodeCase):
    def container(self, data, name="bad"):
        """A container's log with these bytes, as the node's file."""
        path = os.path.join(self.node, f"var/log/containers/{name}_ns_{name}-{'0' * 64}.log")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "ab") as file:
            file.write(data)
        return path

    def good(self, start=0, count=GOOD):
        return b"".join(wrap.cri(b"good line %d." % number) for number in range(start, start + count))

    def good_arrived(self, bulk):
        """The numbers of the good lines that arrived, sorted."""
        found = [document.split(b"good line ")[1].split(b".")[0] for document in raw_documents(bulk) if b"good line " in document]
        return sorted(int(number) for number in found)

    def arrive(self, bulk, count=GOOD):
        self.wait_until(lambda: len(self.good_arrived(bulk)) >= count, f"{count} good lines")
        self.assertEqual(list(range(count)), self.good_arrived(bulk), "each good line once")

    def start(self, bulk, **options):
        return self.agent(pipeline(self.dir, bulk.url, **options))

    def test_bytes_that_are_no_utf8_and_nul_bytes(self):
        bulk = self.fake_bulk()
        self.container(self.good(0, 25) + wrap.cri(b"latin1 \xe4\xf6\xfc \xff\xfe end") + wrap.cri(b"nul \x00\x01 end") +
                       wrap.cri(b'{"json with":"bad \xff byte"}') + self.good(25, 25))
        agent = self.start(bulk)
        self.arrive(bulk)
        self.wait_until(lambda: bulk.count() == GOOD + 3, "the others too, as valid JSON")
        messages = [document.get("message", "") for document in bulk.docs()]
        self.assertTrue(any("\x00\x01" in message for message in messages))
        self.assertTrue(any(message.startswith("latin1 ") and message.endswith(" end") for message in messages))
        self.assertEqual(0, agent.stop())

    def test_json_that_is_broken_stays_text(self):
        bulk = self.fake_bulk()
        broken = [b'{"a":tru}', b'{"a":1', b'{"a":01}', b'[1,2]', b'{"a":"\x01"}', b'{"a":1}x', b'{}']
        self.container(self.good() + b"".join(wrap.cri(line) for line in broken))
        agent = self.start(bulk)
        self.arrive(bulk)
        self.wait_until(lambda: bulk.count() == GOOD + len(broken), "a document for each")
        self.assertEqual(0, agent.stop())

    def test_lines_of_no_known_format_are_told_and_hold_nobody_up(self):
        bulk = self.fake_bulk()
        self.container(self.good(0, 25) + b"what is this?\n\n\x00\x00\x00\nstdout F\n" + self.good(25, 25))
        agent = self.start(bulk)
        self.arrive(bulk)
        self.assertEqual(0, agent.stop())
        self.assertIn("pattern not match", agent.log())

    def test_half_a_line_at_the_end_waits_for_its_other_half(self):
        bulk = self.fake_bulk()
        line = wrap.cri(b"good line %d." % (GOOD - 1))
        self.container(self.good(0, GOOD - 1) + line[:45])
        agent = self.start(bulk)
        self.wait_until(lambda: bulk.count() == GOOD - 1, "the whole lines")
        self.container(line[45:])
        self.arrive(bulk)
        self.assertEqual(GOOD, bulk.count())
        self.assertEqual(0, agent.stop())

    def test_half_a_line_at_the_end_when_the_agent_stops(self):
        bulk = self.fake_bulk()
        line = wrap.cri(b"good line %d." % (GOOD - 1))
        self.container(self.good(0, GOOD - 1) + line[:45])
        agent = self.start(bulk)
        self.wait_until(lambda: bulk.count() == GOOD - 1, "the whole lines")
        self.assertEqual(0, agent.stop())
        self.container(line[45:])
        agent.start()
        self.arrive(bulk)
        self.assertEqual(GOOD, bulk.count())

    def test_a_line_of_20_mb_in_parts(self):
        """Goes on in pieces of a bounded size; nothing of it is lost, its neighbours arrive."""
        bulk = self.fake_bulk()
        self.container(self.good(0, 25) + wrap.cri(b"x" * 20_000_000) + self.good(25, 25))
        agent = self.start(bulk, timeout=30)
        self.arrive(bulk)
        self.wait_until(lambda: sum(document.count(b"x") for document in raw_documents(bulk)) >= 20_000_000, "20 MB of x")
        self.assertLess(agent.rss_bytes(), 200_000_000)
        self.assertEqual(0, agent.stop())
        self.assertEqual(20_000_000, sum(document["message"].count("x") for document in bulk.docs()))

    def test_a_line_of_20_mb_in_one_piece(self):
        """Arrives, or is dropped with a word in the log and a number in the ledger; its neighbours arrive in any case."""
        bulk = self.fake_bulk()
        self.container(self.good(0, 25) + wrap.cri(b"y").replace(b"y", b"x" * 20_000_000) + self.good(25, 25))
        agent = self.start(bulk, timeout=30)
        self.arrive(bulk)
        self.assertEqual(0, agent.stop())
        arrived = sum(document["message"].count("x") for document in bulk.docs())
        self.assertTrue(arrived == 20_000_000 or "dropped=1 " in agent.log() or "max_line_size" in agent.log(), agent.log()[-2000:])

    def test_a_file_that_is_truncated(self):
        bulk = self.fake_bulk()
        path = self.container(self.good(0, 30))
        agent = self.start(bulk)
        self.wait_until(lambda: bulk.count() == 30, "what was there")
        os.truncate(path, 0)
        self.container(self.good(30, 20))
        self.arrive(bulk)
        self.assertEqual(0, agent.stop())

    def test_files_that_cannot_be_read(self):
        bulk = self.fake_bulk()
        self.container(self.good())
        folder = os.path.join(self.node, "var/log/containers")
        os.mkdir(os.path.join(folder, "folder.log"))
        os.symlink("/nonexistent/target", os.path.join(folder, "dangling.log"))
        os.mkfifo(os.path.join(folder, "pipe.log"))
        os.symlink("loop.log", os.path.join(folder, "loop.log"))
        agent = self.start(bulk)
        self.arrive(bulk)
        self.assertEqual(0, agent.stop())

    def test_a_pos_file_of_garbage(self):
        for number, garbage in enumerate((b"\x00\xff" * 500, b"not a position file\n", b"/x\tzz\tqq\n" * 100, b"a" * 100_000)):
            with self.subTest(garbage=garbage[:20]):
                bulk = self.fake_bulk()
                self.node = self.path(f"node{number}", "x").removesuffix("/x")
                self.container(self.good())
                self.write("containers.pos", garbage)
                agent = self.agent(pipeline(self.dir, bulk.url, node=self.node), name=f"agent{number}")
                self.arrive(bulk)
                self.assertEqual(0, agent.stop())

    def test_parse_errors_of_a_json_file(self):
        bulk = self.fake_bulk()
        log = self.write("app.log", b"".join(b'{"n":%d,"m":"good line %d."}\n' % (n, n) for n in range(GOOD)) + b"no json\n{\n")
        source = SOURCE.format(node="", folder=self.dir, tail="").replace("/var/log/containers/*.log", log)
        agent = self.agent(source.replace("@type container", "@type json") +
                           pipeline(self.dir, bulk.url).split("</source>")[1])
        self.arrive(bulk)
        self.assertEqual(0, agent.stop())
        self.assertIn("pattern not match", agent.log())
        self.assertEqual(GOOD, bulk.count())
        self.assertEqual({"n": 0, "m": "good line 0."}, {k: v for k, v in json.loads(raw_documents(bulk)[0]).items() if k in "nm"})


if __name__ == "__main__":
    harness.main()
