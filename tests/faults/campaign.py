#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One run of random faults, and the count at its end: every line of every container is there exactly once.

Containers log with sequence numbers and rotate in all the ways there are; the agent is killed with SIGKILL (now and then
stopped with SIGTERM) at random moments and started again; meanwhile the bulk endpoint misbehaves, the wall clock of the
agent jumps, and the files of positions are damaged between two lives. What happens follows from the seed; when it happens
depends on the machine.

usage: campaign.py [--kills N] [--seed S] [--rotation all|rename|numbered|copytruncate] [--containers N] [--rate LINES/S]
                   [--bulk] [--clock] [--damage] [--minutes M]
"""

import argparse
import glob
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import harness
from fake_bulk import ApplyThenCut, ApplyThenHang, Cut, Garbage, Hang, ItemStatus, Ok, Status
from node_harness import Ledger, NodeCase, pipeline, raw_documents

LIFE_SECONDS = (0.1, 0.3, 0.6, 1.2, 2.0)
DOWN_SECONDS = (0, 0, 0.1, 0.3, 1.0)
STOP_SHARE = 0.1  # of the ends of lives are stops, not kills
STALLED_SECONDS = 20  # nothing new arrives: what is missing will not come
CLOCK_JUMPS = (-86_400, -3_600, -5, 5, 3_600, 86_400)
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Misbehaviour:
    """How a FakeBulk treats requests: each action with its share; the rest is answered as it should be."""

    def __init__(self, bulk, rng, shares):
        self.bulk = bulk
        self.counts = {}
        self._rng = rng
        self._shares = shares
        bulk.take_action = self._take

    def stop(self):
        self._shares = {}

    def _take(self):
        drawn = self._rng.random()
        for make, share in self._shares.items():
            if drawn < share:
                action = make()
                self.counts[type(action).__name__] = self.counts.get(type(action).__name__, 0) + 1
                return action
            drawn -= share
        return Ok()


def some_items(rng, share=0.1, status=429):
    return ItemStatus(lambda document, op: status if rng.random() < share else None)


def usual_misbehaviour(rng):
    """A server with a bad day. One request of twenty is applied and never answered."""
    return {lambda: Status(503): 0.05, lambda: Status(429): 0.05, lambda: ApplyThenHang(3): 0.05, lambda: ApplyThenCut(): 0.05,
            lambda: Cut(): 0.03, lambda: Hang(3): 0.02, lambda: Garbage(): 0.02, lambda: some_items(rng): 0.2}


class Clock:
    """The wall clock of an agent, which can be set; its steady clock goes on."""

    def __init__(self, folder):
        self._file = os.path.join(folder, "clock")
        self.set(0)

    @staticmethod
    def missing():
        return "" if os.path.exists(FAKETIME) else "libfaketime is not there (Debian: libfaketime)"

    def set(self, seconds):
        with open(self._file + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds:+d}s\n")
        os.rename(self._file + ".new", self._file)

    def environment(self):
        return {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": self._file, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_RESET": "1", "NO_FAKE_STAT": "1"}


def damage(path, rng):
    """Truncates a file somewhere, or flips a few of its bits; returns what was done."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if not data:
        return "empty already"
    if rng.random() < 0.3:
        size = rng.randrange(len(data))
        os.truncate(path, size)
        return f"truncated to {size} of {len(data)}"
    places = [rng.randrange(len(data)) for _ in range(rng.randint(1, 4))]
    for at in places:
        data[at] ^= 1 << rng.randrange(8)
    with open(path, "r+b") as file:
        file.write(data)
    return f"bits flipped at {places}"


class Campaign(NodeCase):
    """Tests of faults derive from this and call campaign()."""

    def campaign(self, kills, seed, rotation="all", containers=6, rate=3000, seconds=0, bulk=None, misbehave=None, clock=False,
                 damaged=False, **options):
        """Until there were `kills` kills and `seconds` have gone by. Returns (load, bulk)."""
        rng = random.Random(seed)
        bulk = bulk or self.fake_bulk()
        misbehaviour = Misbehaviour(bulk, random.Random(seed + 1), misbehave(rng) if misbehave else {})
        load = self.load(rotation=rotation, containers=containers, rotate_bytes=100_000, seed=seed)
        wall = Clock(self.dir) if clock else None
        agent = self.agent(pipeline(self.dir, bulk.url, timeout=1, **options), env=wall.environment() if wall else None)
        # What was rotated before a path was first seen is not the agent's: Fluentd does not look for it either.
        self.wait_until(lambda: agent.log().count("following tail of") >= containers, "the agent knows all paths")
        load.start(lines_per_second=rate)
        begin = time.monotonic()
        killed = 0
        while killed < kills or time.monotonic() < begin + seconds:
            self.live(rng, agent, wall)
            if rng.random() < STOP_SHARE:
                # So early that it does not listen to signals yet it just ends.
                self.assertIn(agent.stop(), (0, -signal.SIGTERM))
            else:
                agent.kill()
                killed += 1
            time.sleep(rng.choice(DOWN_SECONDS))
            if damaged:
                self.damage_positions(rng, agent)
            agent.start()
        load.stop()
        misbehaviour.stop()
        ledger = self.drain(load, bulk)
        self.assertEqual([], ledger.missing[:5], f"{len(ledger.missing)} lines are missing")
        if not damaged:  # what files of positions knew cannot be known without them
            self.assertEqual([], ledger.twice[:5], f"{len(ledger.twice)} lines are there twice")
            self.assertEqual([], bulk.duplicates())
        self.assertGreater(load.rotations(), 3 if rotation != "none" else -1, "the files did rotate")
        self.assertEqual(0, agent.stop())
        print(f"{killed} kills, {load.written()} lines, {load.rotations()} rotations ({rotation}), seed {seed}: 0 missing, {len(ledger.twice)} twice; "
              f"{bulk.conflicts} of {bulk.items_received} items were sent again; {misbehaviour.counts or ''}", flush=True)
        return load, bulk

    def drain(self, load, bulk):
        """Waits as long as documents still come; returns what arrived."""
        seen, since = -1, time.monotonic()
        while time.monotonic() < since + STALLED_SECONDS:
            if bulk.count() != seen:
                seen, since = bulk.count(), time.monotonic()
                if seen >= load.written() and not Ledger(load, raw_documents(bulk)).missing:
                    break
            time.sleep(0.05)
        return Ledger(load, raw_documents(bulk))

    def live(self, rng, agent, wall):
        """One life of the agent, up to its end."""
        end = time.monotonic() + rng.choice(LIFE_SECONDS) * rng.uniform(0.5, 1.5)
        while time.monotonic() < end:
            if wall and rng.random() < 0.3:
                wall.set(rng.choice(CLOCK_JUMPS))
            time.sleep(max(0, min(0.3, end - time.monotonic())))
            if not agent.running():
                self.fail(f"the agent ended by itself with {agent.process.poll()}")

    def damage_positions(self, rng, agent):
        for path in sorted(glob.glob(os.path.join(self.dir, "containers.pos*"))):
            if rng.random() < 0.5:
                with open(agent.log_path, "a", encoding="utf-8") as log:
                    log.write(f"--- {os.path.basename(path)}: {damage(path, rng)}\n")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[2])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--rotation", default="all")
    parser.add_argument("--containers", type=int, default=6)
    parser.add_argument("--rate", type=int, default=3000)
    parser.add_argument("--minutes", type=float, default=0)
    for name in ("bulk", "clock", "damage"):
        parser.add_argument("--" + name, action="store_true")
    given = parser.parse_args()
    if given.clock and Clock.missing():
        sys.exit(Clock.missing())

    class One(Campaign):
        def runTest(self):
            self.campaign(given.kills, given.seed, given.rotation, given.containers, given.rate, seconds=given.minutes * 60,
                          misbehave=usual_misbehaviour if given.bulk else None, clock=given.clock, damaged=given.damage)

    result = harness.unittest.TextTestRunner(verbosity=0).run(One())
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
