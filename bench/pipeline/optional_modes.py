# SPDX-License-Identifier: Apache-2.0
"""Modes that need more than the bulk sink: forward to forward (W8), Kafka (W9)."""


class Skipped(Exception):
    """Something that the run needs is not on this machine; the text says what."""


def forward(context, collector, workload):
    raise Skipped("x")


def kafka(context, collector, workload):
    raise Skipped("x")
