# SPDX-License-Identifier: Apache-2.0
"""Log lines as Echo's own services write them: JSON, each service with its own names for time, level and message.

There are no recordings of these services; the lines are made here, the same ones for the same seed. They carry what
real ones carry and what goes wrong with them: personal data, nested objects, escapes, numbers as strings, a stack trace in one
field, lines over 16 KiB, and now and then a line that is no JSON at all.
"""

import datetime
import json
import random

START_NS = 1705314600 * 10**9  # 2024-01-15T10:30:00Z
SERVICES = ("echo-api", "echo-signaling", "echo-media")


def _iso(nanoseconds, digits=3):
    moment = datetime.datetime.fromtimestamp(nanoseconds // 10**9, datetime.timezone.utc)
    fraction = str(nanoseconds % 10**9).zfill(9)[:digits]
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{fraction}Z"


def _json(fields):
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def _who(rng):
    return {"user_id": f"user{rng.randrange(1000)}", "session_id": f"session{rng.randrange(5000)}"}


def _api_line(rng, now, number):
    if number == 0:
        return b"echo-api 2.14.1 listening on :8080 (env=production)"
    status = rng.choices((200, 201, 204, 400, 401, 404, 500, 503), (70, 8, 6, 4, 3, 5, 3, 1))[0]
    level = "error" if status >= 500 else "warn" if status >= 400 else "info"
    path = rng.choice(("/v1/rooms", "/v1/rooms/{id}/join", "/v1/users/me", "/v1/token", "/healthz"))
    fields = {"time": _iso(now), "level": level, "msg": "request completed", "service": "echo-api",
              "method": rng.choice(("GET", "POST", "PUT")), "path": path, "status": status,
              "duration_ms": round(rng.expovariate(1 / 25), 3), **_who(rng), "request_id": f"{rng.getrandbits(64):016x}",
              "client_ip": f"203.0.113.{rng.randrange(255)}"}
    if path == "/v1/token":
        fields["authorization"] = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0." + f"{rng.getrandbits(128):032x}"
        fields["email"] = f"{fields['user_id']}@example.com"
    if status >= 500:
        fields["msg"] = "request failed"
        fields["error"] = {"type": "UpstreamError", "message": "pool \"rooms\" exhausted\n\tafter 3 tries",
                           "stack": "UpstreamError: pool exhausted\n    at Pool.acquire (/app/pool.js:88:11)\n    at async join (/app/rooms.js:41:18)"}
    if number % 500 == 250:
        fields["body"] = "ä€😀" * 4000  # 36,000 bytes: runtimes cut it into parts
    return _json(fields)


def _signaling_line(rng, now, number):
    what = rng.choice(("WebRTC connection established", "ICE candidate gathered", "offer received", "answer sent",
                       "WebRTC connection closed", "DTLS handshake timed out"))
    severity = "ERROR" if "timed out" in what else "DEBUG" if "candidate" in what else "INFO"
    fields = {"ts": now / 10**9, "severity": severity, "message": what, "caller": "signaling/peer.go:211", **_who(rng),
              "room_id": f"room-{rng.randrange(200)}", "peer": {"ice_state": rng.choice(("checking", "connected", "failed")),
              "candidates": [f"udp 198.51.100.{rng.randrange(255)}:{rng.randrange(1024, 65535)}" for _ in range(2)]}}
    if number % 97 == 50:
        return b"panic recovered in handler: send on closed channel"
    if number % 41 == 20:
        fields["session_id"] = rng.randrange(5000)  # a number where others write a string
    return _json(fields)


def _media_line(rng, now, number):
    bad = rng.random() < 0.05
    fields = {"@timestamp": _iso(now, 6), "lvl": "warning" if bad else "info",
              "message": "audio processing fell behind" if bad else "stream statistics", **_who(rng),
              "room_id": f"room-{rng.randrange(200)}", "rtt": round(rng.gauss(45, 12), 2), "jitter_ms": round(abs(rng.gauss(3, 2)), 2),
              "packet_loss": round(rng.random() / (5 if bad else 200), 5), "bitrate": rng.randrange(16000, 128000), "codec": "opus",
              "track": None, "speaking": rng.random() < 0.3}
    if number % 61 == 30:
        fields["rtt"] = f"{fields['rtt']}"  # a number as text
    return _json(fields)


_MAKERS = {"echo-api": _api_line, "echo-signaling": _signaling_line, "echo-media": _media_line}


def lines(service, count, seed=1):
    """(time in ns, stream, line without newline) for `count` lines of one of SERVICES."""
    rng = random.Random(f"{service}-{seed}")
    now = START_NS
    for number in range(count):
        now += rng.randrange(1, 20_000_000)
        line = _MAKERS[service](rng, now, number)
        yield now, "stderr" if line.startswith(b"panic") else "stdout", line
