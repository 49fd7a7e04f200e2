"""A build that is over its limits is stopped, whatever whoever asked for it does with what they are told."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile
from graders.engine.docker.adapter import DockerEngine
from graders.limits import Limits

ANSWERS: dict[str, object] = {
    "/version": {"Version": "28.5.2", "ApiVersion": "1.51"},
    "/info": {"Driver": "overlay2", "CgroupVersion": "2", "MemoryLimit": True, "PidsLimit": True},
}


class Server(socketserver.ThreadingUnixStreamServer):
    """An engine whose builds end when their connection does."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), Handler)
        self.stopped = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = next((body for end, body in ANSWERS.items() if path.endswith(end)), None)
        data = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.51")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        said = {"stream": "y\n" * 1000}
        self.wfile.write(json.dumps(said).encode() + b"\r\n")
        self.rfile.read(1)
        self.server.stopped.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the signature of the library
        pass

    def address_string(self) -> str:
        return "socket"


def test_build_over_its_limit_is_stopped_before_anybody_is_told(tmp_path: Path) -> None:
    """While the result is looked at, nothing of the build goes on."""
    with Server(tmp_path / "s") as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        engine = DockerEngine(f"unix://{tmp_path}/s", builder="classic")
        files = (ContextFile("Dockerfile", b"FROM scratch\nRUN yes\n"),)
        try:
            for event in engine.build(BuildRequest(files, "over", Limits(build_log_kib=0)), Cancel()):
                if isinstance(event, BuildResult):
                    assert "of output" in event.error
                    assert server.stopped.wait(20.0)
        finally:
            server.shutdown()

    assert isinstance(event, BuildResult)
