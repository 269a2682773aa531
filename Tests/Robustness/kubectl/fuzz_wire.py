"""Connections to an API server that send bytes as they are, and what an answer must be like."""

import base64
import http.client
import json
import re
import socket
import ssl
import threading
import time

CONNECT_SECONDS = 30
ANSWER_SECONDS = 60
# How long a watch is read that the server does not end.
WATCH_SECONDS = 4
ANSWER_BYTES = 256 << 20

# Answers above 499 that a stock server gives as well: (status, what the message has in it), and why.
EXPECTED = [
    # Whoever reads from several servers may have seen what this one has not yet; clients know the cause and ask again.
    (504, re.compile(r"^Timeout: Too large resource version: \d+, current: \d+$")),
    # Documented for evictions: the budgets are at odds, which is nobody's mistake in the request.
    (500, re.compile(r"^This pod has more than one PodDisruptionBudget")),
]
# Nodes, pods and services may be out of reach; who asks for what they have is told that with a status of its own.
CONNECTING = re.compile(r"/(log|exec|attach|portforward|proxy)(/|\?|$)")
# Paths that are no resources say so in plain text, as does HTTP itself about what is no request.
PLAIN = {404: re.compile(rb"^404 page not found\n$"), 400: re.compile(rb"^malformed HTTP request\n$")}

# What a Status may give as the reason of a code.
REASONS = {
    400: {"BadRequest"}, 401: {"Unauthorized"}, 403: {"Forbidden"}, 404: {"NotFound"}, 405: {"MethodNotAllowed"},
    406: {"NotAcceptable"}, 409: {"Conflict", "AlreadyExists"}, 410: {"Expired", "Gone"},
    413: {"RequestEntityTooLarge"}, 415: {"UnsupportedMediaType"}, 422: {"Invalid"},
    429: {"TooManyRequests"}, 500: {"InternalError"}, 503: {"ServiceUnavailable"}, 504: {"Timeout"}}

EVENTS = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"}


class Access:
    """Where the server is, and the administrator's certificate, from a kubeconfig."""

    def __init__(self, kubeconfig, folder):
        with open(kubeconfig) as file:
            text = file.read()

        def value(key):
            return re.search(rf'{key}: "?([^"\s]+)"?', text)[1]

        self.host, port = value("server").removeprefix("https://").rsplit(":", 1)
        self.port = int(port)
        paths = {}
        for key in ("certificate-authority-data", "client-certificate-data", "client-key-data"):
            paths[key] = f"{folder}/{key}.pem"
            with open(paths[key], "wb") as file:
                file.write(base64.b64decode(value(key)))
        self.context = ssl.create_default_context(cafile=paths["certificate-authority-data"])
        self.context.load_cert_chain(paths["client-certificate-data"], paths["client-key-data"])


class Answer:
    """What came back."""

    def __init__(self, status, content_type, body, is_cut=False):
        self.status = status
        self.content_type = content_type
        self.body = body
        # The reader stopped, not the server.
        self.is_cut = is_cut

    def text(self, limit=300):
        """The status and the begin of the body."""
        return f"{self.status} {self.body[:limit].decode(errors='replace')}"

    def json(self):
        """The body as a value; None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Cut(Exception):
    """There is no answer, or none that can be read; `is_end` if the connection ended instead."""

    def __init__(self, text, is_end=False):
        super().__init__(text)
        self.is_end = is_end


class Connection:
    """One connection, opened again when the server has closed it."""

    def __init__(self, access):
        self.access = access
        self.socket = None
        # What was sent over it before: a server that reads it wrongly takes the next request for something else.
        self.previous = None

    def open(self):
        plain = socket.create_connection((self.access.host, self.access.port), CONNECT_SECONDS)
        self.socket = self.access.context.wrap_socket(plain, server_hostname=self.access.host)

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def send(self, request):
        """The answer to a request."""
        try:
            return self.send_again(request)
        except Cut as cut:
            if self.previous is not None:
                raise Cut(f"{cut}; before it came {self.previous.record()[:2000]}", cut.is_end) from None
            raise
        finally:
            self.previous = request if self.socket is not None else None

    def send_again(self, request):
        """The answer to a request; twice if the connection has been open before, for it may have been closed meanwhile."""
        was_open = self.socket is not None
        try:
            return self.attempt(request)
        except Cut as cut:
            self.close()
            if not was_open or not cut.is_end:
                raise
        return self.attempt(request)

    def attempt(self, request):
        try:
            if self.socket is None:
                self.open()
            self.socket.settimeout(ANSWER_SECONDS)
        except OSError as error:
            raise Cut(f"no connection: {error}") from None
        data = request.bytes(f"{self.access.host}:{self.access.port}")
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # A server need not read all of what it refuses; its answer may be there all the same.
        try:
            return self.read(request)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Cut(f"{type(error).__name__}: {error}", isinstance(error, (ConnectionError, ssl.SSLError))) from None

    def read(self, request):
        response = http.client.HTTPResponse(self.socket, method=request.method)
        response.begin()
        is_cut, body = False, b""
        if request.is_watch and response.status == 200:
            body, is_cut = self.watch(response)
        else:
            body = response.read(ANSWER_BYTES)
        if is_cut or response.will_close:
            self.close()
        return Answer(response.status, response.headers.get("Content-Type") or "", body, is_cut)

    def watch(self, response):
        """What a watch brings until it ends, or until nobody can wait for that."""
        self.socket.settimeout(WATCH_SECONDS)
        end, body = time.monotonic() + WATCH_SECONDS, b""
        try:
            while time.monotonic() < end:
                part = response.read1(1 << 16)
                if not part:
                    return body, False
                body += part
        except TimeoutError:
            pass
        return body, True


def problem(request, answer):
    """What is wrong with an answer, or None."""
    if answer.status >= 500:
        return above_499(request, answer)
    if answer.status >= 400:
        return bad_failure(request, answer)
    if request.method == "HEAD" or answer.status in (101, 204, 304) or answer.status >= 300:
        return None
    if request.is_watch:
        return bad_events(answer)
    if "json" in answer.content_type and answer.json() is None:
        return f"{answer.status} with a body that is not JSON"
    return None


def above_499(request, answer):
    status = answer.json()
    text = status.get("message", "") if isinstance(status, dict) else ""
    if any(answer.status == code and pattern.search(text) for code, pattern in EXPECTED):
        return bad_failure(request, answer)
    if request.method == "HEAD" and answer.status == 504:
        return None  # What it says cannot be seen.
    if answer.status == 503 and CONNECTING.search(request.path):
        return bad_failure(request, answer)
    return f"{answer.status}: {text[:400] or answer.body[:400].decode(errors='replace')}"


def bad_failure(request, answer):
    """A failure must be a Status that says the same as the line before it."""
    if request.method == "HEAD":
        return None
    if not answer.content_type.startswith("application/json"):
        if answer.status in PLAIN and PLAIN[answer.status].search(answer.body):
            return None
        return f"{answer.status} as {answer.content_type}: {answer.body[:200].decode(errors='replace')}"
    return bad_status(answer.json(), answer.status)


def bad_status(status, code):
    if not isinstance(status, dict) or status.get("kind") != "Status" or status.get("apiVersion") != "v1":
        return f"{code} whose body is no Status: {str(status)[:200]}"
    if status.get("status") != "Failure" or status.get("code") != code:
        return f"{code} with the Status {str(status)[:300]}"
    if status.get("reason") not in REASONS.get(code, ()) or not isinstance(status.get("message"), str):
        return f"{code} with another reason: {str(status)[:300]}"
    return None


def bad_events(answer):
    lines = answer.body.split(b"\n")
    for line in lines[:-1]:
        try:
            event = json.loads(line)
        except ValueError:
            return f"a watch with the line {line[:200]}"
        if event.get("type") not in EVENTS or not isinstance(event.get("object"), dict):
            return f"a watch with the event {line[:200]}"
        if event["type"] == "ERROR":
            code = event["object"].get("code", 0)
            if code >= 500 and not any(code == c and p.search(event["object"].get("message", "")) for c, p in EXPECTED):
                return f"a watch with the error {line[:300]}"
            return bad_status(event["object"], code)
    if lines[-1] and not answer.is_cut:
        return f"a watch that ends with {lines[-1][:200]}"
    return None


class Memory(threading.Thread):
    """Ends a process that takes so much memory that the machine would suffer; `excess` says so."""

    LIMIT_MEGABYTES = 1500

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process = process
        self.over = threading.Event()
        self.excess = None

    def run(self):
        while not self.over.wait(0.2):
            try:
                with open(f"/proc/{self.process.pid}/status") as file:
                    found = re.search(r"VmRSS:\s+(\d+)", file.read())
            except OSError:
                return
            megabytes = int(found[1]) // 1024 if found else 0
            if megabytes > self.LIMIT_MEGABYTES:
                self.excess = f"took {megabytes} MB"
                self.process.kill()
                return
