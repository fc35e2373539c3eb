#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tailrace check` and a start with a wrong configuration: every mistake at once, each with its place and a suggestion."""

import random

import harness
from harness import Case, run_command

FIVE_MISTAKES = """\
<system>
  log_level loud
</system>
<match app.**>
  @type elasticsearch
  hots 127.0.0.1
  port http
  <buffer>
    flush_thread_cuont 2
    flush_mode sometimes
  </buffer>
</match>
<match other>
  @type elasticsaerch
</match>
<match third>
  @type relabel
  @label @NOWHERE
</match>
"""


class Check(Case):
    def check(self, conf, *arguments):
        """Runs `tailrace check`; returns (exit code, what it said)."""
        done = run_command(["check", "-c", self.write("t.conf", conf), *arguments])
        return done.returncode, (done.stdout + done.stderr).decode()

    def test_every_mistake_is_reported_at_once_with_place_and_suggestion(self):
        code, said = self.check(FIVE_MISTAKES)
        self.assertEqual(1, code, said)
        for place, *words in [
            ("t.conf:2:13: error:", "log_level", "loud", "trace, debug, info, warn, error, fatal"),
            ("t.conf:6:3: warning:", "hots", "did you mean 'host'?"),
            ("t.conf:7:8: error:", "port"),
            ("t.conf:9:5: warning:", "flush_thread_cuont", "did you mean 'flush_thread_count'?"),
            ("t.conf:10:16: error:", "flush_mode", "sometimes", "interval"),
            ("t.conf:14:9: error:", "elasticsaerch", "did you mean 'elasticsearch'?"),
            ("t.conf:18:10: error:", "@NOWHERE", "<label @NOWHERE>"),
        ]:
            line = next((line for line in said.splitlines() if place in line), None)
            self.assertIsNotNone(line, f"nothing at {place} in\n{said}")
            for word in words:
                self.assertIn(word, line)
        self.assertIn("log_level loud", said, "the line itself is shown")

    def test_a_run_with_the_same_file_does_not_start(self):
        agent = self.agent(FIVE_MISTAKES)
        self.assertEqual(1, agent.wait_exit(10))
        self.assertIn("did you mean 'elasticsearch'?", agent.log())

    def test_sections_that_do_not_match(self):
        code, said = self.check("<match a>\n  @type null\n</matc>\n")
        self.assertEqual(1, code)
        self.assertIn("t.conf:1:1: error:", said)

    def test_a_file_that_is_not_there(self):
        done = run_command(["check", "-c", "/nonexistent/fluent.conf"])
        self.assertEqual(1, done.returncode)
        self.assertIn("/nonexistent/fluent.conf", done.stderr.decode())
        self.assertIn("No such file", done.stderr.decode())

    def test_files_of_garbage_never_crash_it(self):
        rng = random.Random(7)
        pieces = ["<", ">", "</", "match", "@include x", "\x00", "\x01", '"#{', "}", "\\", "\n", " ", "é", "a" * 5000, "[", "{"]
        for _ in range(30):
            garbage = "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 60)))
            code, said = self.check(garbage)
            self.assertIn(code, (0, 1), f"{garbage!r}: {said}")

    def test_a_fine_file(self):
        code, said = self.check("<match **>\n  @type null\n</match>\n")
        self.assertEqual(0, code, said)

    def test_a_usage_error_is_2(self):
        self.assertEqual(2, run_command(["check", "--no-such-option"]).returncode)

    def test_secrets_are_in_no_message(self):
        code, said = self.check("<match a>\n  @type elasticsearch\n  password s3cr3t-word\n  port x\n</match>\n")
        self.assertEqual(1, code)
        self.assertNotIn("s3cr3t-word", said)


if __name__ == "__main__":
    harness.main()
