"""A server of published files on the loopback interface, with one address for each fault."""

import contextlib
import http.server
import threading
import time

STALL = 0.6  # seconds, longer than the tests' time limit


class Files:
    """The files of a server, and the requests that it got: (path, Range)."""

    def __init__(self, files):
        self.files, self.requests, self.lock = files, [], threading.Lock()
        self.slow = 0.0  # seconds before each answer

    def count(self, path):
        with self.lock:
            return sum(asked == path for asked, _ in self.requests)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        files, wanted = self.server.files, self.headers.get("Range")
        with files.lock:
            files.requests.append((self.path, wanted))
        time.sleep(files.slow)
        _, fault, *name = self.path.split("/")
        content = files.files.get("/".join(name), b"")
        getattr(self, f"send_{fault}")(content)

    def log_message(self, *_):
        pass

    def answer(self, status, length=0, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()

    def send_good(self, content):
        wanted = self.headers.get("Range")
        if wanted is None or self.headers.get("If-Range") != '"1"':
            self.answer(200, len(content), ETag='"1"')
            self.wfile.write(content)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            self.answer(416, Content_Range=f"bytes */{len(content)}")
            return
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.answer(206, len(content) - start, ETag='"1"', Content_Range=span)
        self.wfile.write(content[start:])

    def send_once(self, content):
        """Break off halfway the first time."""
        first = self.server.files.count(self.path) == 1
        self.send_truncated(content) if first else self.send_good(content)

    def send_truncated(self, content):
        self.answer(200, len(content), ETag='"1"')
        self.wfile.write(content[: len(content) // 2])

    def send_unmarked(self, content):
        """Break off halfway the first time, without a mark of the version."""
        self.answer(200, len(content))
        first = self.server.files.count(self.path) == 1
        self.wfile.write(content[: len(content) // 2] if first else content)

    def send_stalled(self, content):
        self.answer(200, len(content))
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        time.sleep(STALL)

    def send_silent(self, content):
        time.sleep(STALL)

    def send_missing(self, content):
        self.answer(404)

    def send_forbidden(self, content):
        self.answer(403)

    def send_busy(self, content):
        self.answer(503)

    def send_moved(self, content):
        self.answer(302, Location=self.path.replace("/moved/", "/good/"))

    def send_circle(self, content):
        self.answer(302, Location=self.path)

    def send_wrong(self, content):
        self.answer(200, len(content))
        self.wfile.write(bytes(len(content)))

    def send_page(self, content):
        page = b"<!DOCTYPE html><html><body>please sign in</body></html>"
        self.answer(200, len(page))
        self.wfile.write(page)

    def send_endless(self, content):
        self.answer(200, 4 * len(content))
        self.wfile.write(4 * content)

    def send_shifted(self, content):
        """Break off, then resume at another byte than asked for."""
        if self.headers.get("Range") is None:
            self.send_truncated(content)
        else:
            self.answer(206, 1, Content_Range=f"bytes 1-1/{len(content)}")
            self.wfile.write(content[1:2])


@contextlib.contextmanager
def serve(files):
    """Serve {name: bytes}; yield the address, "http://127.0.0.1:PORT", and the `Files`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.files, server.daemon_threads = Files(files), True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.files
    finally:
        server.shutdown()
        server.server_close()
