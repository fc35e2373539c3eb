# SPDX-License-Identifier: Apache-2.0
"""A bulk endpoint that a test controls: it keeps every document by (index, id) as Elasticsearch would, and can misbehave.

    bulk = FakeBulk().start()
    bulk.next(Status(503), times=2)          # the next two bulk requests are refused
    bulk.next(ApplyThenHang(5))              # then one is applied, and its answer comes too late
    bulk.always(ItemStatus(lambda doc, op: 429 if "x" in doc else None))
    bulk.down(); bulk.up()                   # nobody listens; listens again on the same port

`create` of an id that is there answers 409 and changes nothing, as on the real server, so `duplicates()`
(documents applied a second time) and `documents` tell what a cluster would hold. Documents without an id
get one each, so a repeated send of such a document shows up twice.
"""

import base64
import gzip
import json
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ok:
    """Applies the request and answers as Elasticsearch does, after `delay` seconds."""

    def __init__(self, delay=0):
        self.delay = delay


class Status:
    """Refuses the whole request with this status; nothing is applied."""

    def __init__(self, status, body=b'{"error":{"type":"refused","reason":"by the test"}}', headers=None):
        self.status = status
        self.body = body
        self.headers = headers or {}


class ItemStatus:
    """Asks decide(document bytes, action dict) for each item: a status to refuse it with, or None to apply it."""

    def __init__(self, decide, error_type=None, reason="by the test"):
        self.decide = decide
        self.error_type = error_type
        self.reason = reason


class ApplyThenHang:
    """Applies the request, sends no answer for `seconds`, then closes the connection."""

    def __init__(self, seconds=60):
        self.seconds = seconds


class ApplyThenCut:
    """Applies the request and closes the connection in the middle of the answer."""


class Cut:
    """Closes the connection after half of the request's body has been read; nothing is applied."""


class Hang:
    """Reads the request, applies nothing, answers nothing for `seconds`, then closes."""

    def __init__(self, seconds=60):
        self.seconds = seconds


class Garbage:
    """Answers 200 with a body that is no bulk answer; nothing is applied."""

    def __init__(self, body=b"<html>a proxy's page</html>"):
        self.body = body


ERROR_TYPES = {400: "document_parsing_exception", 429: "es_rejected_execution_exception",
               404: "index_not_found_exception", 503: "unavailable_shards_exception"}


class FakeBulk:
    """The server. All methods may be called from any thread."""

    def __init__(self, user=None, password=None, max_content_length=None, version="8.19.21", certificate=None):
        self.expected_auth = None
        if user is not None:
            self.expected_auth = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.max_content_length = max_content_length
        self.version = version
        self.certificate = certificate  # (server.pem, server.key): speak HTTPS
        self.documents = {}  # (index, id) -> document bytes, in order of arrival
        self.applied_twice = []  # (index, id) of index operations that hit an existing id
        self.conflicts = 0  # create of an id that was there: the 409s
        self.requests = []  # (method, path, headers dict, body length) of every request, in order
        self.bulk_bytes = 0  # of all bulk bodies, decompressed
        self.items_received = 0
        self.other_bodies = []  # (method, path, body) of requests that are no bulk: templates, policies
        self._lock = threading.Lock()
        self._next = []
        self._always = Ok()
        self._anonymous = 0
        self._port = 0
        self._server = None
        self._thread = None
        self._connections = set()
        self._stopping = threading.Event()

    # --- life ---

    def start(self):
        self._stopping.clear()
        self._server = _Server(("127.0.0.1", self._port), self)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self):
        if self._server is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._server = None

    down = stop
    up = start

    @property
    def port(self):
        return self._port

    @property
    def url(self):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self._port}"

    # --- orders ---

    def next(self, action, times=1):
        """The next bulk requests are treated so; orders are carried out in the order they are given."""
        with self._lock:
            self._next += [action] * times

    def always(self, action):
        """How bulk requests are treated when no next() is left. Ok() at first."""
        with self._lock:
            self._always = action

    def take_action(self):
        with self._lock:
            return self._next.pop(0) if self._next else self._always

    # --- what arrived ---

    def count(self):
        with self._lock:
            return len(self.documents)

    def docs(self):
        """All documents, decoded, in order of arrival."""
        with self._lock:
            raw = list(self.documents.values())
        return [json.loads(document) for document in raw]

    def items(self):
        """((index, id), document) of all documents, decoded."""
        with self._lock:
            raw = list(self.documents.items())
        return [(key, json.loads(document)) for key, document in raw]

    def duplicates(self):
        with self._lock:
            return list(self.applied_twice)

    def bulk_requests(self):
        with self._lock:
            return [r for r in self.requests if r[1].split("?")[0].endswith("/_bulk")]

    # --- the work ---

    def apply(self, body, path, decide):
        """Carries out one bulk body; returns the answer as a dict. ValueError when it is no bulk body."""
        default_index = path.split("?")[0].strip("/").removesuffix("_bulk").strip("/") or None
        lines = body.split(b"\n")
        if lines[-1] != b"":
            raise ValueError("The bulk request must be terminated by a newline [\\n]")
        items, errors, at = [], False, 0
        with self._lock:
            self.bulk_bytes += len(body)
            while at < len(lines) - 1:
                if lines[at] == b"":
                    at += 1
                    continue
                (op, meta), = json.loads(lines[at]).items()
                document = b"" if op == "delete" else lines[at + 1]
                at += 1 if op == "delete" else 2
                self.items_received += 1
                answer = self._apply_item(op, meta, document, meta.get("_index", default_index), decide)
                errors = errors or "error" in answer
                items.append({op: answer})
        return {"took": 1, "errors": errors, "items": items}

    def _apply_item(self, op, meta, document, index, decide):
        if op != "delete":
            json.loads(document)  # a document that is no JSON is a bug of the sender: fails the request
        refused = decide(document, {op: meta}) if decide else None
        if refused:
            status, kind, reason = refused if isinstance(refused, tuple) else (refused, None, "by the test")
            return {"_index": index, "_id": meta.get("_id"), "status": status,
                    "error": {"type": kind or ERROR_TYPES.get(status, "refused"), "reason": reason}}
        identity = meta.get("_id")
        if identity is None:
            self._anonymous += 1
            identity = f"auto-{self._anonymous}"
        key = (index, identity)
        if op == "create" and key in self.documents:
            self.conflicts += 1
            return {"_index": index, "_id": identity, "status": 409,
                    "error": {"type": "version_conflict_engine_exception",
                              "reason": f"[{identity}]: version conflict, document already exists"}}
        if op == "delete":
            found = self.documents.pop(key, None) is not None
            return {"_index": index, "_id": identity, "status": 200 if found else 404}
        existed = key in self.documents
        if existed:
            self.applied_twice.append(key)
        self.documents[key] = document
        return {"_index": index, "_id": identity, "_version": 2 if existed else 1,
                "result": "updated" if existed else "created", "status": 200 if existed else 201}

    def root(self):
        return {"name": "fake", "cluster_name": "fake", "tagline": "You Know, for Search",
                "version": {"number": self.version, "build_flavor": "default"}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, fake):
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.fake._lock:
            self.server.fake._connections.add(self.connection)

    def finish(self):
        with self.server.fake._lock:
            self.server.fake._connections.discard(self.connection)
        super().finish()

    def log_message(self, *args):
        pass

    def _answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in {"X-elastic-product": "Elasticsearch", "Content-Type": "application/json",
                            "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _close(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _read_body(self, length):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(length)

    def _any(self):
        fake = self.server.fake
        length = int(self.headers.get("Content-Length", 0))
        is_bulk = self.path.split("?")[0].endswith("/_bulk") and self.command in ("POST", "PUT")
        with fake._lock:
            fake.requests.append((self.command, self.path, dict(self.headers), length))
        action = fake.take_action() if is_bulk else None
        if isinstance(action, Cut):
            self.rfile.read(length // 2)
            return self._close()
        if fake.max_content_length and length > fake.max_content_length:
            self.rfile.read(length)
            return self._answer(413, b"")
        body = self._read_body(length)
        if fake.expected_auth and self.headers.get("Authorization") != fake.expected_auth:
            return self._answer(401, b'{"error":{"type":"security_exception","reason":"missing authentication '
                                     b'credentials"},"status":401}', {"WWW-Authenticate": "Basic"})
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if is_bulk:
            return self._bulk(action, body)
        with fake._lock:
            if body:
                fake.other_bodies.append((self.command, self.path, body))
        if self.path in ("/", "") and self.command in ("GET", "HEAD"):
            return self._answer(200, json.dumps(fake.root()).encode())
        if self.command in ("PUT", "POST"):
            return self._answer(200, b'{"acknowledged":true}')
        return self._answer(404, b'{"error":"not here"}')

    def _bulk(self, action, body):
        fake = self.server.fake
        if isinstance(action, Status):
            return self._answer(action.status, action.body, action.headers)
        if isinstance(action, Garbage):
            return self._answer(200, action.body)
        if isinstance(action, Hang):
            fake._stopping.wait(action.seconds)
            return self._close()
        decide = None
        if isinstance(action, ItemStatus):
            def decide(document, op):
                status = action.decide(document, op)
                return (status, action.error_type, action.reason) if status else None
        try:
            answer = json.dumps(fake.apply(body, self.path, decide)).encode()
        except (ValueError, KeyError, IndexError) as error:
            return self._answer(400, json.dumps({"error": {"type": "illegal_argument_exception",
                                                           "reason": str(error)}, "status": 400}).encode())
        if isinstance(action, ApplyThenHang):
            fake._stopping.wait(action.seconds)
            return self._close()
        if isinstance(action, ApplyThenCut):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                             % len(answer) + answer[: len(answer) // 2])
            return self._close()
        if isinstance(action, Ok) and action.delay:
            time.sleep(action.delay)
        return self._answer(200, answer)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _any
