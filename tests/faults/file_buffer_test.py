#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The file buffer under faults: kill -9 at random moments, a destination that is down, a disk that is full.

Set equality by container and sequence number at the end. $TAILRACE_SOAK_MINUTES makes the kills go on that long.
"""

import glob
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness
from node_harness import NodeCase, pipeline

SOAK_SECONDS = 60 * float(os.environ.get("TAILRACE_SOAK_MINUTES", "0"))
KILLS = 8
LIFE_SECONDS = (0.3, 1.2)


class FileBuffer(NodeCase):
    def config(self, bulk, more="", **options):
        self.buffer = os.path.join(self.dir, "buffer")
        return pipeline(self.dir, bulk.url, timeout=2, buffer=f"@type file\n    path {self.buffer}\n    {more}", **options)

    def chunk_files(self):
        return sorted(glob.glob(os.path.join(self.buffer, "buffer.[bq]*.log")))

    def positions(self):
        path = os.path.join(self.dir, "containers.pos")
        if not os.path.exists(path):
            return 0
        with open(path, encoding="ascii") as file:
            return sum(int(line.split("\t")[1], 16) for line in file)

    def log_bytes(self, load):
        return sum(os.path.getsize(path) for path in glob.glob(os.path.join(self.node, "var/log/containers/*.log")))

    def test_kills_while_the_destination_comes_and_goes(self):
        bulk = self.fake_bulk()
        rng = random.Random(11)
        load = self.load().start(lines_per_second=3000)
        agent = self.agent(self.config(bulk))
        end = time.monotonic() + SOAK_SECONDS
        kills = 0
        while kills < KILLS or time.monotonic() < end:
            is_up = rng.random() < 0.5
            bulk.down()
            if is_up:
                bulk.up()
            time.sleep(rng.uniform(*LIFE_SECONDS))
            agent.kill()
            kills += 1
            agent.start()
        bulk.down()
        bulk.up()
        load.stop()
        self.wait_for_all(load, bulk)
        self.assertEqual(0, agent.stop())
        self.assertEqual([], self.chunk_files())
        print(f"{load.written()} lines, {kills} kills, {load.rotations()} rotations, "
              f"{bulk.conflicts} of {bulk.items_received} items sent again")

    def test_a_dead_destination_lets_positions_move_and_nothing_is_read_again(self):
        bulk = self.fake_bulk()
        bulk.down()
        load = self.load(containers=2, rotation="none").write(20_000)
        agent = self.agent(self.config(bulk))
        self.wait_until(lambda: self.positions() == self.log_bytes(load), "all positions at the end", 20)
        agent.kill()
        self.assertNotEqual([], self.chunk_files())
        bulk.up()
        agent.start()
        self.wait_for_all(load, bulk)
        self.assertEqual(0, bulk.conflicts, "nothing had to be sent twice")
        self.wait_until(lambda: not self.chunk_files(), "an empty buffer")

    def test_a_stopped_agent_leaves_the_rest_to_the_next_one(self):
        bulk = self.fake_bulk()
        bulk.down()
        load = self.load(containers=2, rotation="none").write(5_000)
        agent = self.agent(self.config(bulk, "flush_at_shutdown false"))
        self.wait_until(lambda: self.chunk_files(), "something in the buffer")
        self.assertEqual(0, agent.stop())
        bulk.up()
        agent.start()
        self.wait_for_all(load, bulk)


if __name__ == "__main__":
    harness.main()
