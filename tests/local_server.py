"""A web server on this machine for tests of downloads."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """``url`` and the files that it serves, each by its path: bytes, or bytes and a wrong Content-Length."""

    def __init__(self):
        self.files: dict[str, bytes | tuple[bytes, int]] = {}
        self.requests: list[str] = []
        self.url = ""

    def put(self, path: str, content: bytes, length: int | None = None) -> str:
        """Serve ``content`` at ``path``; returns the address."""
        self.files[f"/{path}"] = (content, len(content) if length is None else length)
        return f"{self.url}/{path}"


@contextlib.contextmanager
def serving():
    """A running ``Server``."""
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.requests.append(self.path)
            if self.path not in served.files:
                self.send_error(404)
                return
            content, length = served.files[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
