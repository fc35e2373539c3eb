#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a bulk endpoint can answer, or not: nothing is lost, nothing is there twice, and the operator is told."""

import os
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness
from fake_bulk import ApplyThenCut, ApplyThenHang, Cut, Garbage, Hang, ItemStatus, Status
from node_harness import NodeCase, pipeline, raw_documents, to_server

LINES = 400


class BulkAnswers(NodeCase):
    def deliver(self, *actions, log=(), bulk=None, **options):
        """Ships LINES lines through an endpoint that treats its first requests so; returns the agent's log."""
        bulk = bulk or self.fake_bulk()
        for action in actions:
            bulk.next(action)
        load = self.load(containers=2, rotation="none").write(LINES)
        agent = self.agent(pipeline(self.dir, bulk.url, timeout=1, **options))
        self.wait_for_all(load, bulk)
        self.assertEqual(0, agent.stop())
        for text in log:
            self.assertIn(text, agent.log())
        return agent.log()

    def test_503_and_429_are_tried_again(self):
        self.deliver(Status(503), Status(429), Status(503), log=["503", "429"])

    def test_a_connection_cut_half_way_is_tried_again(self):
        self.deliver(Cut(), ApplyThenCut(), Cut())

    def test_an_answer_that_never_comes_is_tried_again(self):
        self.deliver(Hang(3), ApplyThenHang(3))

    def test_an_answer_that_is_no_bulk_answer_is_tried_again(self):
        self.deliver(Garbage(), Garbage(b"{}"), Garbage(b""))

    def test_a_server_that_is_down_and_comes_back(self):
        bulk = self.fake_bulk()
        bulk.down()
        load = self.load(containers=2, rotation="none").write(LINES)
        agent = self.agent(pipeline(self.dir, bulk.url, timeout=1))
        agent.wait_log("127.0.0.1")
        bulk.up()
        self.wait_for_all(load, bulk)
        self.assertEqual(0, agent.stop())

    def test_items_refused_with_429_are_sent_again_alone(self):
        bulk = self.fake_bulk()
        refused = set()

        def every_third_once(document, op):
            identity = next(iter(op.values()))["_id"]
            if identity not in refused and zlib.crc32(identity.encode()) % 3 == 0:
                refused.add(identity)
                return 429
            return None

        bulk.always(ItemStatus(every_third_once))
        self.deliver(bulk=bulk)
        self.assertGreater(len(refused), LINES // 10)
        self.assertEqual(LINES + len(refused), bulk.items_received, "only the refused ones were sent again")

    def test_items_refused_with_400_go_to_the_error_label_with_the_reason_and_hold_nobody_up(self):
        bulk = self.fake_bulk()
        bulk.always(ItemStatus(lambda document, op: 400 if b"plain text" in document else None,
                               reason="failed to parse field [n] of type [integer]"))
        load = self.load(containers=2, rotation="none").write(LINES)
        errors = self.fake_bulk()
        agent = self.agent(pipeline(self.dir, bulk.url) + f"""
            <label @ERROR>
              <match **>
                @type elasticsearch
                {to_server(errors.url)}
                index_name errors
                <buffer>
                  flush_interval 0.2
                </buffer>
              </match>
            </label>""")
        self.wait_until(lambda: bulk.count() == load.written() - 8, "all but the refused")
        self.wait_until(lambda: errors.count() == 8, "the refused ones on the error label")
        self.assertEqual(0, agent.stop())
        self.assertIn("failed to parse field [n]", agent.log())
        self.assertEqual(load.written(), bulk.items_received, "a refused document is not sent again")
        self.assertTrue(all(b"plain text" in document for document in raw_documents(errors)))

    def test_413_makes_smaller_requests(self):
        bulk = self.fake_bulk(max_content_length=40_000)
        load = self.load(containers=2, rotation="none").write(LINES)
        agent = self.agent(pipeline(self.dir, bulk.url))
        self.wait_for_all(load, bulk)
        self.assertEqual(0, agent.stop())

    def test_401_says_so_and_waits_for_a_better_password(self):
        bulk = self.fake_bulk(user="tailrace", password="right-one")
        load = self.load(containers=2, rotation="none").write(LINES)
        agent = self.agent(pipeline(self.dir, bulk.url, output="user tailrace\n  password wrong-one"))
        agent.wait_log("401")
        agent.kill()
        self.assertEqual(0, bulk.count())
        self.assertNotIn("wrong-one", agent.log(), "no password in the log")
        agent.write_conf(pipeline(self.dir, bulk.url, output="user tailrace\n  password right-one"))
        agent.start()
        self.wait_for_all(load, bulk)
        self.assertEqual(0, agent.stop())

    def test_stop_while_the_server_is_down_ends_and_loses_nothing(self):
        bulk = self.fake_bulk()
        bulk.down()
        load = self.load(containers=2, rotation="none").write(LINES)
        agent = self.agent(pipeline(self.dir, bulk.url, timeout=1))
        agent.wait_log("127.0.0.1")
        agent.stop(seconds=20)
        bulk.up()
        agent.start()
        self.wait_for_all(load, bulk)


if __name__ == "__main__":
    harness.main()
