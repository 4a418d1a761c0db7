"""The command ``kbridge serve`` as a process: clients that people have, signals, workers that die, odd clients."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from processes import ROOT, kbridge, kbridge_here

from kbridge.layers import Dense
from kbridge.models import Sequential

pytest.importorskip("starlette", reason="starlette is not installed (extra 'serve')")
requests = pytest.importorskip("requests", reason="requests is not installed (extra 'test')")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra 'serve')")

SENT = {"instances": [[1.0, 2.0, 3.0]]}
#: how many bodies the fuzz test sends; 10,000 by hand
BODIES = int(os.environ.get("KBRIDGE_FUZZ_BODIES", "400"))


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.h5"
    model = Sequential([Dense(2, input_dim=3, name="y")])
    model.set_weights([np.array([[1.0, 0], [0, 2], [3, 0]]), np.zeros(2)])
    model.save(path)
    return path


class Served:
    """A running server."""

    def __init__(self, model_file, home, *arguments):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = home / "log.txt"
        variables = {"HOME": str(home), "KBRIDGE_BACKEND": "numpy", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "kbridge", "serve", f"m={model_file}", *arguments, "--port", str(self.port)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=home, env={**os.environ, **variables}, stderr=log, stdin=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait(lambda: requests.get(f"{self.url}/health", timeout=5).status_code == 200)

    def wait(self, condition, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                if condition():
                    return
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def post(self, body=SENT, **options):
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return requests.post(f"{self.url}/v1/models/m:predict", data=data, timeout=60, **options)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture(scope="module")
def served(model_file, tmp_path_factory):
    found = Served(model_file, tmp_path_factory.mktemp("serve"), "--max-bytes", "100000")
    yield found
    found.stop()


class TestOneServer:
    def test_clients_of_the_protocols(self, served):
        assert served.post().json() == {"predictions": [[10, 4]]}
        client = pytest.importorskip("tritonclient.http", reason="tritonclient is not installed (extra 'test')")
        with client.InferenceServerClient(f"127.0.0.1:{served.port}") as asked:
            assert asked.is_server_live() and asked.is_server_ready() and asked.is_model_ready("m")
            facts = asked.get_model_metadata("m")
            for binary in (True, False):
                tensor = client.InferInput(facts["inputs"][0]["name"], [1, 3], "FP32")
                tensor.set_data_from_numpy(np.array(SENT["instances"], "float32"), binary_data=binary)
                wanted = client.InferRequestedOutput("y", binary_data=binary)
                assert asked.infer("m", [tensor], outputs=[wanted]).as_numpy("y").tolist() == [[10, 4]]

    def test_clients_that_stop_halfway_send_slowly_or_close_early(self, served):
        head = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 34\r\n\r\n"
        body = json.dumps(SENT).encode()
        slow = socket.create_connection(("127.0.0.1", served.port), 30)
        slow.sendall(head.replace(b"34", str(len(body)).encode()) + body[:10])
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", served.port), 30) as halfway:
                halfway.sendall(head + b'{"inst')
        for _ in range(20):
            # asks and doesn't wait for the answer
            with socket.create_connection(("127.0.0.1", served.port), 30) as early:
                early.sendall(head.replace(b"34", str(len(body)).encode()) + body)
        assert served.post().json() == {"predictions": [[10, 4]]}
        slow.sendall(body[10:])
        assert b"200 OK" in slow.recv(1000)
        slow.close()

    def test_a_large_body_is_refused_before_it_is_read(self, served):
        with socket.create_connection(("127.0.0.1", served.port), 30) as sender:
            sender.sendall(b"POST /v1/models/m:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
            assert b"413" in sender.recv(1000)

    def test_odd_bodies_are_answered_and_the_server_stays_small(self, served):
        rng = random.Random(1)
        whole = json.dumps(SENT).encode()
        memory = resident(served.process.pid)
        with requests.Session() as session:
            for number in range(BODIES):
                body = mutated(whole, rng)
                path = rng.choice(["v1/models/m:predict", "v1/models/m:predict", "v2/models/m/infer", "v1/models/m/versions/2:predict"])
                headers = rng.choice([{}, {}, {"Inference-Header-Content-Length": str(rng.randint(-5, 60))}, {"Content-Encoding": "gzip"}])
                answer = session.post(f"{served.url}/{path}", data=body, headers=headers, timeout=60)
                assert answer.status_code in (200, 400, 404, 413), (number, body, answer.text)
                answer.json()
        assert " 500 " not in served.log.read_text()
        if memory is not None:
            assert resident(served.process.pid) < memory + 50 * 2**20
        assert served.post().json() == {"predictions": [[10, 4]]}

    def test_each_request_has_a_line_of_the_log(self, served):
        served.post({"instances": [[1, 2, 3]] * 5})
        served.wait(lambda: re.search(r"info: 127\.0\.0\.1 POST /v1/models/m:predict 200 [\d.]+ 5\n", served.log.read_text()))


def test_a_signal_lets_running_requests_end(model_file, tmp_path):
    served = Served(model_file, tmp_path, "--max-wait-ms", "1500", "--log", "json")
    with socket.create_connection(("127.0.0.1", served.port), 30) as asked:
        body = json.dumps(SENT).encode()
        asked.sendall(b"POST /v1/models/m:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        time.sleep(0.3)
        served.process.terminate()
        answer = b""
        while part := asked.recv(1000):
            answer += part
    assert b"[[10.0,4.0]]" in answer
    assert served.process.wait(30) == 0
    lines = [json.loads(line) for line in served.log.read_text().splitlines() if line.startswith("{")]
    assert any(line.get("path") == "/v1/models/m:predict" and line["status"] == 200 for line in lines)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_worker_that_is_killed_is_replaced_and_the_other_goes_on(model_file, tmp_path):
    served = Served(model_file, tmp_path, "--workers", "2")
    try:
        served.wait(lambda: served.log.read_text().count("Application startup complete") == 2)
        first = [int(n) for n in re.findall(r"Started server process \[(\d+)\]", served.log.read_text())]
        os.kill(first[0], signal.SIGKILL)
        served.wait(lambda: served.log.read_text().count("Application startup complete") == 3)
        for _ in range(20):
            assert served.post().json() == {"predictions": [[10, 4]]}
        # counts of all workers are put together, those of the one that died too; a request is counted when its answer is on its way
        counted = r'kbridge_requests_total\{model="m",status="200"\} 20\b'
        served.wait(lambda: re.search(counted, requests.get(f"{served.url}/metrics", timeout=30).text), seconds=30)
    finally:
        assert served.stop() == 0


@pytest.mark.parametrize(("arguments", "words"), [
    (["--host", "0.0.0.0"], "--token TEXT (or set KBRIDGE_TOKEN), which they must then send, or --allow-anyone"), (["--token", "short"], "16 characters"),
    (["nothing.h5"], "There is no file 'nothing.h5'"), (["m={m}"], "Two models have the name 'm'"), (["--workers", "0"], "--workers must be"),
    (["--labels", "nothing.txt"], "There is no file 'nothing.txt'"), (["--port", "99999"], "--port must be from 0 to 65535, got 99999"),
    (["--backend", "foo"], "--backend: "),
])  # fmt: skip
def test_wrong_use_is_one_line(model_file, arguments, words, capsys):
    status, said = kbridge_here("serve", f"m={model_file}", *(a.format(m=model_file) for a in arguments), capsys=capsys)
    assert (status, words in said.splitlines()[-1]) == (1, True), said


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_model_that_cant_be_read_is_one_line_of_the_log(workers, tmp_path):
    (tmp_path / "m.h5").write_bytes(b"no model")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = kbridge("serve", "m.h5", "--port", str(port), "--workers", workers, home=tmp_path, cwd=tmp_path)
    assert (done.returncode, "m.h5" in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr


def test_a_port_that_is_taken(model_file, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = kbridge("serve", f"m={model_file}", "--port", str(taken.getsockname()[1]), home=tmp_path)
    assert (done.returncode, "Can't listen on 127.0.0.1:" in done.stderr) == (1, True)


def mutated(body, rng):
    """``body`` with some bytes changed, cut, doubled or of other JSON."""
    pieces = [
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"x"',
        b"1e400",
        b"-0.0",
        b"NaN",
        b"[[[[",
        b"9" * 400,
        b"\x00",
        b"\xff\xfe",
        b'{"b64": "AAAA"}',
        b"instances",
        b"inputs",
    ]
    found = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(found) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            found[place:place] = rng.choice(pieces)
        elif kind == 1:
            del found[place : place + rng.randint(1, 10)]
        elif kind == 2 and place < len(found):
            found[place] = rng.randrange(256)
        else:
            found[place:place] = found[: rng.randint(0, 40)]
    return bytes(found)


def resident(process):
    """Bytes of memory, None where the system doesn't tell."""
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None
