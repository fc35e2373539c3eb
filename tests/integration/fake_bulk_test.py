#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fake bulk endpoint says what the real servers say: the same requests to all of them, the same statuses back."""

import json
import unittest

import harness
from fake_bulk import ApplyThenCut, Cut, FakeBulk, Garbage, Hang, ItemStatus, Status
from harness import free_port, http, http_json, wait_until

NDJSON = {"Content-Type": "application/x-ndjson"}


def body(*pairs):
    return b"".join(json.dumps(line).encode() + b"\n" for pair in pairs for line in pair)


def creates(index, ids):
    return body(*[({"create": {"_index": index, "_id": i}}, {"n": 1}) for i in ids])


def statuses(answer):
    """(operation, status, has an error) of each item."""
    return [(op, item["status"], "error" in item) for entry in answer["items"] for op, item in entry.items()]


class AgainstRealServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fake = FakeBulk().start()
        cls.addClassCleanup(cls.fake.stop)
        cls.servers = [harness.elasticsearch(), harness.opensearch()]
        cls.index = f"fake-{free_port()}"
        for url in [server.url for server in cls.servers]:
            http_json("PUT", f"{url}/_index_template/{cls.index}",
                      {"index_patterns": [cls.index + "*"], "template": {"mappings": {"properties": {"n": {"type": "integer"}}}}})

    def same_everywhere(self, data, path="/_bulk"):
        """The fake's answer; fails unless the real servers' items have the same statuses."""
        status, answer = http("POST", self.fake.url + path, data, NDJSON)
        for server in self.servers:
            real_status, real_answer = http("POST", server.url + path, data, NDJSON)
            self.assertEqual(real_status, status, server.url)
            if status == 200:
                real, mine = json.loads(real_answer), json.loads(answer)
                self.assertEqual(statuses(real), statuses(mine), server.url)
                self.assertEqual(real["errors"], mine["errors"], server.url)
        return answer

    def test_create_then_create_again_conflicts(self):
        data = creates(self.index + "-a", ["1", "2"])
        self.same_everywhere(data)
        before = self.fake.count()
        self.same_everywhere(data)
        self.assertEqual(before, self.fake.count())

    def test_index_twice_overwrites(self):
        data = body(({"index": {"_index": self.index + "-b", "_id": "1"}}, {"n": 1}),
                    ({"index": {"_index": self.index + "-b", "_id": "1"}}, {"n": 2}))
        self.same_everywhere(data)
        self.assertEqual([(self.index + "-b", "1")], self.fake.duplicates())

    def test_delete_of_what_is_there_and_what_is_not(self):
        index = self.index + "-c"
        self.same_everywhere(creates(index, ["1"]))
        self.same_everywhere(body(({"delete": {"_index": index, "_id": "1"}},), ({"delete": {"_index": index, "_id": "2"}},)))

    def test_the_filtered_answer_has_every_item_in_its_place(self):
        """What the elasticsearch output asks for: with the items' errors told apart by their place."""
        index = self.index + "-f"
        self.same_everywhere(creates(index, ["1"]))
        data = (creates(index, ["0", "1"]) + body(({"create": {"_index": index, "_id": "bad"}}, {"n": "no number"}))
                + creates(index, ["2"]))
        self.fake.next(ItemStatus(lambda document, op: 400 if b"no number" in document else None))
        path = "/_bulk?filter_path=errors,items.*.status,items.*.error"
        answer = json.loads(self.same_everywhere(data, path))
        self.assertEqual([201, 409, 400, 201], [status for _, status, _ in statuses(answer)])
        for server in self.servers:
            _, again = http("POST", server.url + path, creates(index, ["3"]), NDJSON)
            self.assertEqual({"errors": False, "items": [{"create": {"status": 201}}]}, json.loads(again), server.url)

    def test_index_from_the_path(self):
        self.same_everywhere(b'{"create":{"_id":"x"}}\n{"n":1}\n', f"/{self.index}-d/_bulk")
        self.assertIn((self.index + "-d", "x"), [key for key, _ in self.fake.items()])

    def test_no_newline_at_the_end_is_refused_whole(self):
        self.same_everywhere(creates(self.index + "-e", ["1"])[:-1])


class Misbehaviour(unittest.TestCase):
    def setUp(self):
        self.fake = FakeBulk().start()
        self.addCleanup(self.fake.stop)

    def post(self, ids=("1",), seconds=5):
        return http("POST", self.fake.url + "/_bulk", creates("i", ids), NDJSON, seconds=seconds)

    def test_orders_are_carried_out_in_order_then_all_is_well(self):
        self.fake.next(Status(503), times=2)
        self.fake.next(Status(429, headers={"Retry-After": "1"}))
        self.assertEqual([503, 503, 429, 200], [self.post()[0] for _ in range(4)])
        self.assertEqual(1, self.fake.count())

    def test_some_items_are_refused(self):
        self.fake.always(ItemStatus(lambda doc, op: 429 if op["create"]["_id"] == "2" else None))
        answer = json.loads(self.post(("1", "2", "3"))[1])
        self.assertEqual([201, 429, 201], [item["create"]["status"] for item in answer["items"]])
        self.assertTrue(answer["errors"])
        self.assertEqual(2, self.fake.count())

    def test_cut_applies_nothing_and_apply_then_cut_all(self):
        for action, expected in ((Cut(), 0), (ApplyThenCut(), 1)):
            self.fake.next(action)
            with self.assertRaises(Exception):
                self.post()
            self.assertEqual(expected, self.fake.count(), action)

    def test_hang_answers_nothing(self):
        self.fake.next(Hang(seconds=30))
        with self.assertRaises(Exception):
            self.post(seconds=0.3)
        self.assertEqual(0, self.fake.count())

    def test_garbage_is_200_without_items(self):
        self.fake.next(Garbage())
        self.assertEqual((200, b"<html>a proxy's page</html>"), self.post())

    def test_down_and_up_on_the_same_port(self):
        self.fake.down()
        with self.assertRaises(OSError):
            self.post()
        self.fake.up()
        self.assertEqual(200, self.post()[0])

    def test_wrong_password_and_too_large(self):
        guarded = FakeBulk(user="u", password="p", max_content_length=100).start()
        self.addCleanup(guarded.stop)
        self.assertEqual(401, http("POST", guarded.url + "/_bulk", creates("i", ["1"]), NDJSON)[0])
        self.assertEqual(413, http("POST", guarded.url + "/_bulk", creates("i", range(100)), NDJSON)[0])
        self.assertEqual(0, guarded.count())


class Waits(unittest.TestCase):
    def test_a_wait_ends_and_says_what_it_waited_for(self):
        with self.assertRaisesRegex(AssertionError, "not within 0.1 s: the moon"):
            wait_until(lambda: False, "the moon", 0.1)


if __name__ == "__main__":
    harness.main()
