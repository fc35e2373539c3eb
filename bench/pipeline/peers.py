# SPDX-License-Identifier: Apache-2.0
"""Other collectors, if the machine has them: peers/NAME/WORKLOAD.* is a configuration with
@LOGS@, @STATE@ and @PORT@ in it, set as a competent user would set it for throughput."""

import shutil

import harness

# Name: (program, arguments). {conf} is the configuration, {state} a folder of the run.
COMMANDS = {
    "fluentd": ("fluentd", ["-c", "{conf}", "--no-supervisor", "-q"]),
    "fluent-bit": ("fluent-bit", ["-c", "{conf}"]),
    "vector": ("vector", ["--quiet", "--config", "{conf}"]),
    "filebeat": ("filebeat", ["run", "-c", "{conf}", "--path.data", "{state}/data",
                              "--path.logs", "{state}/logs", "--strict.perms=false"]),
    "otelcol": ("otelcol-contrib", ["--config", "{conf}"]),
    "rsyslog": ("rsyslogd", ["-n", "-f", "{conf}", "-i", "{state}/pid"]),
    "syslog-ng": ("syslog-ng", ["-F", "-f", "{conf}", "-R", "{state}/persist", "-p", "{state}/pid",
                                "-c", "{state}/control"]),
}
# These take one message per line and leave the pieces of a long one apart.
DO_NOT_JOIN = {"rsyslog", "syslog-ng"}


class Peer:
    exact = False

    def __init__(self, context, name, program):
        self.context = context
        self.name = name
        self.program = program
        self.joins_pieces = name not in DO_NOT_JOIN

    def config(self, workload):
        found = sorted((self.context.source / "peers" / self.name).glob(workload.name + ".*"))
        return found[0] if found else None

    def start(self, workload, logs, state, port):
        template = self.config(workload)
        conf = state / template.name
        conf.write_text(harness.fill(template.read_text(),
                                     {"LOGS": logs, "STATE": state, "PORT": port}))
        arguments = [a.format(conf=conf, state=state) for a in COMMANDS[self.name][1]]
        return harness.Measured([self.program, *arguments], state / "peer.log", cwd=state)

    def null_run_ended(self, state, files):
        raise harness.RunFailed("no way to see when a null run of this collector has ended")


def find(context, given):
    """(installed peers, names of those that are not). `given` maps names to programs."""
    found, absent = [], []
    for name, (program, _) in COMMANDS.items():
        path = given.get(name) or shutil.which(program)
        if path:
            found.append(Peer(context, name, path))
        else:
            absent.append(name)
    return found, absent
