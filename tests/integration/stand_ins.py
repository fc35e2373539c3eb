# SPDX-License-Identifier: Apache-2.0
"""Servers that stand in for what the Echo stack talks to: exporters, alert receivers, an SMTP sink, health endpoints."""

import http.server
import json
import os
import re
import socketserver
import threading
import time

EXPORTERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exporters")
SAMPLE = re.compile(r"^(\w+)(\{.*\})? (\S+)$")


class _Server:
    """A server on a free port of 127.0.0.1 with a thread of its own, until stop()."""

    def _serve(self, server):
        self._server = server
        self.port = server.server_address[1]
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_args):
        pass

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):  # a client that went away in the middle
            pass

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def names(job):
    """The metrics of exporters/JOB.prom."""
    with open(os.path.join(EXPORTERS, job + ".prom"), encoding="utf-8") as file:
        return {match.group(1) for match in map(SAMPLE.match, file) if match}


class Exporter(_Server):
    """GET /JOB serves exporters/JOB.prom; counters and histograms grow by their value every second. A job in `away`
    answers 503."""

    def __init__(self):
        self.away = set()
        self._begin = time.monotonic() - 60
        exporter = self

        class Handler(_Quiet):
            def do_GET(self):
                job = self.path.strip("/")
                if job in exporter.away:
                    self.answer(503, b"")
                else:
                    self.answer(200, exporter.text(job).encode(), "text/plain; version=0.0.4")
        self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    def text(self, job):
        elapsed, growing, lines = time.monotonic() - self._begin, False, []
        with open(os.path.join(EXPORTERS, job + ".prom"), encoding="utf-8") as file:
            for line in file.read().splitlines():
                if line.startswith("# TYPE"):
                    growing = line.endswith((" counter", " histogram"))
                match = SAMPLE.match(line)
                if match and growing:
                    line = f"{match.group(1)}{match.group(2) or ''} {float(match.group(3)) * elapsed}"
                lines.append(line)
        return "\n".join(lines) + "\n"


class Receiver(_Server):
    """Takes what is posted and keeps it: `got` is a list of (path, decoded JSON or text)."""

    def __init__(self):
        self.got = []
        receiver = self

        class Handler(_Quiet):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    body = json.loads(body)
                except ValueError:
                    body = body.decode(errors="replace")
                receiver.got.append((self.path, body))
                # PagerDuty's client wants 202, the others any 2xx.
                self.answer(202 if "pagerduty" in self.path else 200, b'{"status":"success"}')
        self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    def posted(self, path):
        return [body for where, body in self.got if where == path]


class MailSink(_Server):
    """An SMTP server (RFC 5321) that accepts every mail: `mails` is a list of their texts."""

    def __init__(self):
        self.mails = []
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("220 sink")
                while True:
                    line = self.rfile.readline().decode(errors="replace").strip()
                    verb = line[:4].upper()
                    if verb == "EHLO":
                        self.say("250-sink\r\n250 AUTH PLAIN")
                    elif verb == "AUTH":
                        self.say("235 welcome")
                    elif verb == "DATA":
                        self.say("354 go on")
                        sink.mails.append(self.mail())
                        self.say("250 taken")
                    elif verb in ("QUIT", ""):
                        return
                    else:
                        self.say("250 fine")

            def mail(self):
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    lines.append(line.decode(errors="replace"))
                return "".join(lines)

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")
        self._serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler))


class Pages(_Server):
    """Answers GET with the JSON of `pages` by path; 404 for others."""

    def __init__(self, pages):
        class Handler(_Quiet):
            def do_GET(self):
                page = pages.get(self.path.split("?")[0])
                self.answer(404 if page is None else 200, json.dumps(page).encode())
        self._serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
