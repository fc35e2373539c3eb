#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments while containers log and their files rotate: no line is missing, none is there twice.

$TAILRACE_SOAK_MINUTES makes it run that long.
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness
from fake_bulk import ApplyThenHang
from node_harness import NodeCase, pipeline

SOAK_SECONDS = 60 * float(os.environ.get("TAILRACE_SOAK_MINUTES", "0"))
KILLS = 10
LIFE_SECONDS = (0.2, 1.2)


class Kill(NodeCase):
    def run_with_kills(self, rotation, bulk, seed, **load_options):
        """Kills the agent KILLS times (or as long as the soak lasts) under load; returns how often."""
        rng = random.Random(seed)
        load = self.load(rotation=rotation, **load_options).start(lines_per_second=3000)
        agent = self.agent(pipeline(self.dir, bulk.url, timeout=2))
        end = time.monotonic() + SOAK_SECONDS
        kills = 0
        while kills < KILLS or time.monotonic() < end:
            time.sleep(rng.uniform(*LIFE_SECONDS))
            agent.kill()
            kills += 1
            time.sleep(rng.uniform(0, 0.5))
            agent.start()
        load.stop()
        self.wait_for_all(load, bulk)
        self.assertGreater(load.rotations(), 3, "the files did rotate")
        self.assertEqual(0, agent.stop())
        print(f"{rotation}: {load.written()} lines, {kills} kills, {load.rotations()} rotations, "
              f"{bulk.conflicts} of {bulk.items_received} items sent again")

    def test_kills_and_the_kubelets_rotation(self):
        self.run_with_kills("rename", self.fake_bulk(), seed=1)

    def test_kills_without_rotation_of_one_huge_file(self):
        bulk = self.fake_bulk()
        rng = random.Random(3)
        load = self.load(containers=1, rotation="none").write(60_000)
        agent = self.agent(pipeline(self.dir, bulk.url))
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.3))
            agent.kill()
            agent.start()
        self.wait_for_all(load, bulk)

    def test_kills_and_answers_that_come_too_late(self):
        """5% of the requests are applied but never answered."""
        bulk = self.fake_bulk()
        rng = random.Random(4)
        original = bulk.take_action
        bulk.take_action = lambda: ApplyThenHang(5) if rng.random() < 0.05 else original()
        self.run_with_kills("rename", bulk, seed=5)


if __name__ == "__main__":
    harness.main()
