"""What a build held to the package index reaches, tried on a private engine of its own."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from graders.base_images.bundle import load_bundle, save_bundle
from graders.base_images.ensure import ensure
from graders.base_images.renewal import pull_again
from graders.base_images.stand_in import build_stand_in
from graders.base_images.trust import is_current, read_trust, renew, retold
from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, Network, RunRequest
from graders.engine.docker.adapter import DockerEngine
from graders.engine.docker.wire import Wire, as_object, as_text, messages
from graders.engine.network_claim import claimed
from graders.engine.private import daemon as private
from graders.engine.private.daemon import PrivatePaths
from graders.engine.private.guard_process import guard_pid
from graders.engine.private.network import Bridge
from graders.engine.private.settings import EngineSettings
from graders.errors import Cancelled, EngineUnavailable
from graders.limits import Limits
from tests.own_address import own_address

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="a private engine needs root"),
]

ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
BUSYBOX, PYTHON = "busybox:1.35", "python:3.11-slim"
WAIT_S = 30.0


@pytest.fixture(scope="module")
def paths() -> Iterator[PrivatePaths]:
    """A private engine of our own that runs."""
    name = f"dyn{uuid.uuid4().hex[:6]}"
    with tempfile.TemporaryDirectory(prefix="dyn", ignore_cleanup_errors=True) as folder:
        made = PrivatePaths(
            data=Path(folder) / "d", runtime=Path(folder) / "r", bridge=Bridge(name, own_address(210)), cgroup=name
        )
        try:
            list(private.up(ENVIRON, Cancel(), paths=made))
            yield made
        finally:
            list(private.down(ENVIRON, paths=made))

    assert not guard_pid(made.runtime)
    assert name not in subprocess.run(("iptables", "-w", "5", "-S"), capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def closed(paths: PrivatePaths) -> DockerEngine:
    """That engine, with a small base image."""
    engine = private.connect(paths)
    list(build_stand_in(engine, BUSYBOX, Cancel(), ENVIRON))
    return engine


def built(engine: Engine, *lines: str, network: Network = Network.INDEX, base: str = BUSYBOX) -> BuildResult:
    """A build of these lines, of which nothing comes from the cache."""
    text = "\n".join((f"FROM {base}", *lines)) + "\n"
    request = BuildRequest(
        files=(ContextFile("Dockerfile", text.encode()),),
        run_id="network",
        limits=Limits(build_s=60.0),
        network=network,
        no_cache=True,
    )
    *_, last = engine.build(request, Cancel())
    assert isinstance(last, BuildResult)
    return last


def log_of(result: BuildResult) -> str:
    return "\n".join(line for _, line in result.log)


class Answering(http.server.BaseHTTPRequestHandler):
    """A service that says hi, and serves one small package as an index does."""

    def do_GET(self) -> None:
        body = b"hi\n"
        if self.path.startswith("/simple/"):
            body = b'<a href="/files/dockyard_probe-1.0-py3-none-any.whl">dockyard_probe-1.0-py3-none-any.whl</a>'
        elif self.path.startswith("/files/"):
            body = wheel()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that its base class gives
        """Say nothing."""


def wheel() -> bytes:
    """The smallest package that pip installs."""
    import io
    import zipfile

    info = "dockyard_probe-1.0.dist-info"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("dockyard_probe.py", "WORKS = True\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: dockyard-probe\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()


@contextmanager
def service(address: str, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """A web service of the host; its port."""
    server = http.server.ThreadingHTTPServer((address, 0), Answering)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certified(folder: Path, address: str) -> tuple[Path, tuple[Path, Path]]:
    """A CA of our own, and the certificate and key that it gave to an address."""
    ca, ca_key, key, request, made = (folder / name for name in ("ca.pem", "ca.key", "key.pem", "r.csr", "cert.pem"))
    extra = folder / "extra"
    extra.write_text(f"subjectAltName=IP:{address}\n")
    new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj")
    sign = ("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2")
    for argv in (
        (*new, "/CN=Classroom CA", "-x509", "-days", "2", "-keyout", ca_key, "-out", ca),
        (*new, f"/CN={address}", "-keyout", key, "-out", request),
        (*sign, "-extfile", extra, "-out", made),
    ):
        subprocess.run(argv, check=True, capture_output=True)
    return ca, (made, key)


def test_direct_ways_out_are_closed(paths: PrivatePaths, closed: DockerEngine) -> None:
    """No socket to the outside, no name server, no service of the host, on whatever address it listens."""
    gateway = paths.bridge.address
    with service("0.0.0.0") as port:
        ways = (
            "nc 1.1.1.1 443 </dev/null",
            "nslookup pypi.org | grep -q '^Name'",
            f"env -u http_proxy wget -q -O- http://{gateway}:{port}/",
            f"wget -q -O- http://{gateway}:{port}/",
            f"wget -q -O- http://127.0.0.1:{port}/",
            "ping -c 1 -W 1 1.1.1.1",
        )
        result = built(closed, "RUN " + "; ".join(f"timeout 2 {way} && echo OUT" for way in ways) + "; true")
        open_build = built(closed, f"RUN timeout 20 wget -q -O- http://{gateway}:{port}/", network=Network.BRIDGE)

    assert result.ok, result.error
    assert "OUT" not in log_of(result)
    assert open_build.ok, "the service was there"


def test_other_hosts_are_refused_by_the_proxy_and_the_index_is_not(closed: DockerEngine) -> None:
    """The message names the host; Debian's archive answers through the same proxy."""
    result = built(
        closed,
        "RUN wget -q -O /dev/null http://example.com/ && echo OUT || true",
        "RUN wget -q -O /dev/null http://169.254.169.254/latest/meta-data/ && echo OUT || true",
        "RUN wget -q -O- http://deb.debian.org/debian/dists/bookworm/Release | head -n 2",
    )

    assert result.ok, result.error
    assert "OUT" not in log_of(result)
    assert "Refused by Dockyard: example.com:80 is not a package index" in log_of(result)
    assert "Origin: Debian" in log_of(result)


def test_image_and_cache_do_not_know_the_proxy(closed: DockerEngine) -> None:
    """Neither the image's configuration nor its history names it, and an open build finds the steps in the cache."""
    files = (ContextFile("Dockerfile", f"FROM {BUSYBOX}\nRUN echo {uuid.uuid4().hex} > /x\n".encode()),)
    results = []
    for network in (Network.INDEX, Network.BRIDGE):
        request = BuildRequest(files=files, run_id="network", limits=Limits(), network=network)
        *_, last = closed.build(request, Cancel())
        assert isinstance(last, BuildResult)
        results.append(last)
    image = closed.image(results[0].image_id)

    assert image is not None
    assert "proxy" not in image.about.lower()
    assert {step.status.value for step in results[1].steps if "RUN" in step.name} == {"cached"}


def test_neighbour_on_the_bridge_is_not_reached(paths: PrivatePaths, closed: DockerEngine) -> None:
    """A container on the same bridge answers an open build, and not one that is held to the index."""
    over = Cancel()
    base = closed.image(BUSYBOX)
    assert base is not None
    request = RunRequest(
        base.id, "network", Limits(run_s=60.0), args=("httpd", "-f", "-p", "8080", "-h", "/etc"), network=Network.BRIDGE
    )

    def serve() -> None:
        with suppress(Cancelled):
            closed.run(request, over)

    neighbour = threading.Thread(target=serve)
    neighbour.start()
    try:
        line = f"RUN timeout 20 env -u http_proxy wget -q -O- http://{_neighbour(closed)}:8080/passwd || true"
        open_build = built(closed, line, network=Network.BRIDGE)
        result = built(closed, line)
    finally:
        over.set()
        neighbour.join()

    assert "root:x:0:0" in log_of(open_build)
    assert result.ok, result.error
    assert "root:x:0:0" not in log_of(result)


def test_open_and_closed_builds_take_turns(paths: PrivatePaths) -> None:
    """A claim waits for claims of the other kind, and goes through as soon as they end."""
    address = f"unix://{paths.socket}"
    got = threading.Event()

    def claim() -> None:
        with claimed(address, Network.INDEX, Cancel()) as granted:
            assert granted.proxy.startswith("http://")
            got.set()

    with claimed(address, Network.BRIDGE, Cancel()) as granted:
        waiting = threading.Thread(target=claim)
        waiting.start()

        assert not granted.proxy
        assert not got.wait(1.0)
    waiting.join(WAIT_S)

    assert got.is_set()


def test_dead_guard_leaves_no_hole(paths: PrivatePaths, closed: DockerEngine) -> None:
    """Killed while a claim is held, the network stays closed, builds are errors, and `up` mends it."""
    with claimed(f"unix://{paths.socket}", Network.INDEX, Cancel()):
        os.kill(guard_pid(paths.runtime), signal.SIGKILL)
        deadline = time.monotonic() + WAIT_S
        while guard_pid(paths.runtime) and time.monotonic() < deadline:
            time.sleep(0.05)
        rules = subprocess.run(("iptables", "-w", "5", "-S"), capture_output=True, text=True, check=True).stdout

        assert f"-i {paths.bridge.name} -m comment --comment dockyard-closed" in rules
    with pytest.raises(EngineUnavailable, match="guard"):
        built(closed, "RUN true")
    list(private.up(ENVIRON, Cancel(), paths=paths))

    assert built(closed, "RUN true").ok


def test_pip_works_through_a_tls_index_with_a_ca_of_our_own(
    paths: PrivatePaths, closed: DockerEngine, engine: Engine, tmp_path: Path
) -> None:
    """A stand-in that is told the CA and the index installs from it, with the network closed and no flag."""
    for _ in ensure(engine, PYTHON, Cancel(), ENVIRON):
        pass
    image = engine.image(PYTHON)
    assert image is not None
    if not image.stand_in:
        pytest.skip("this engine has the real image, which trusts nobody but its own certificates")
    host = _host_address()
    ca, certificate = certified(tmp_path, host)
    with service(host, certificate) as port:
        index = f"https://{host}:{port}/simple/"
        environ = {**ENVIRON, "DOCKYARD_CA_FILE": str(ca), "DOCKYARD_PIP_INDEX": index}
        list(private.up(environ, Cancel(), paths=paths, settings=EngineSettings(index_hosts=(f"{host}:{port}",))))
        with retold(engine, image, read_trust(environ), Cancel()) as (root, changes):
            closed.import_image(root, (PYTHON,), changes)
        result = built(
            closed,
            "RUN pip install --retries 0 --cert $(python -m pip._vendor.certifi) dockyard-probe || true",
            "RUN pip install --retries 0 dockyard-probe && python -c 'import dockyard_probe'",
            base=PYTHON,
        )
    told = closed.image(PYTHON)

    assert told is not None
    settings = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "UV_DEFAULT_INDEX": index}
    assert (told.stand_in, told.env, told.command) == (True, {**image.env, **settings}, image.command)
    assert is_current(told, environ)
    assert "CERTIFICATE_VERIFY_FAILED" in log_of(result), "without the CA it does not work"
    assert result.ok, log_of(result)


def test_bundle_carries_a_stand_in_and_renewal_keeps_it_one(closed: DockerEngine, tmp_path: Path) -> None:
    """Saved, removed, loaded: the same image; told other settings: another one, with the same name and mark."""
    first = closed.image(BUSYBOX)
    assert first is not None
    list(save_bundle(closed, (BUSYBOX,), tmp_path / "bases.tar", Cancel()))
    closed.remove_image(first.id)

    assert closed.image(BUSYBOX) is None

    list(load_bundle(closed, tmp_path / "bases.tar", frozenset({BUSYBOX}), Cancel()))
    second = closed.image(BUSYBOX)

    assert second is not None
    assert (second.id, second.stand_in) == (first.id, True)

    renew(closed, BUSYBOX, Cancel(), {"DOCKYARD_PIP_INDEX": "http://index.test/simple"})
    third = closed.image(BUSYBOX)

    assert third is not None
    assert third.id != first.id
    assert (third.stand_in, third.env, third.command) == (True, first.env, first.command)
    assert closed.image(first.id) is None


def test_registry_mirror_gives_the_real_image_in_place_of_a_stand_in(
    paths: PrivatePaths, closed: DockerEngine, tmp_path: Path
) -> None:
    """A real registry on loopback, told to an engine that runs, is asked for Docker Hub's images."""
    program = shutil.which("docker-registry", path=ENVIRON["PATH"])
    assert program is not None, "Debian's docker-registry is missing: .ci/system-packages docker-registry"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = tmp_path / "registry.yml"
    storage = f"storage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}"
    settings.write_text(f"version: 0.1\n{storage}\nhttp: {{addr: 127.0.0.1:{port}}}\n")
    registry = subprocess.Popen((program, "serve", str(settings)), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _await_port(port)
        mirrors = EngineSettings(registry_mirrors=(f"http://127.0.0.1:{port}",))
        list(private.up(ENVIRON, Cancel(), paths=paths, settings=mirrors))
        real = built(closed, "LABEL maker=us", "RUN echo real > /real", network=Network.NONE)
        closed.tag(real.image_id, f"127.0.0.1:{port}/library/{BUSYBOX}")
        _push(closed, f"127.0.0.1:{port}/library/busybox", "1.35")
        list(pull_again(closed, BUSYBOX, Cancel(), ENVIRON))
    finally:
        registry.terminate()
        registry.wait(WAIT_S)
    now = closed.image(BUSYBOX)

    assert now is not None
    assert not now.stand_in
    assert now.labels["maker"] == "us"


def _neighbour(engine: DockerEngine) -> str:
    """The address of the one container on the bridge, as soon as it has one."""
    wire = Wire(engine.info().socket)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        on_it = as_object(as_object(wire.call("GET", "/networks/bridge", operation="look")).get("Containers"))
        for container in map(as_object, on_it.values()):
            address = as_text(container.get("IPv4Address")).partition("/")[0]
            with suppress(OSError):
                socket.create_connection((address, 8080), 1.0).close()
                return address
        time.sleep(0.05)
    raise AssertionError("the neighbour does not answer")


def _push(engine: DockerEngine, name: str, tag: str) -> None:
    wire = Wire(engine.info().socket)
    wire.ping(5.0)
    path, headers = f"/images/{name}/push", {"X-Registry-Auth": "e30="}
    with wire.open("POST", path, {"tag": tag}, operation="push", headers=headers) as stream:
        said = list(messages(stream.chunks()))

    assert not [message for message in said if "error" in message], said


def _await_port(port: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the registry does not listen")


def _host_address() -> str:
    """An address of this machine that is not loopback; none is asked for anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 9))
        return str(sock.getsockname()[0])
