"""Limits, tokens, batches, new versions and metrics, without a network."""

import asyncio
import gzip
import json
import os
import threading
import time

import numpy as np
import pytest
from serving_models import picture_model, row_model

from kbridge.errors import UsageError
from kbridge.serving import create_app
from kbridge.serving.problems import Problem
from kbridge.serving.settings import Settings

pytest.importorskip("starlette", reason="starlette is not installed (extra 'serve')")

X = [[1.0, 2.0, 3.0]]
SENT = {"instances": X}
ADDRESS = "/v1/models/m:predict"


class TestLimits:
    def test_bytes_and_values(self, serve):
        client = serve({"max_bytes": 200, "max_values": 10}, m=row_model)
        assert client.post(ADDRESS, json=SENT).status_code == 200
        assert client.post(ADDRESS, content=b" " * 300).status_code == 413
        # without a length in its header, a body is counted as it comes
        assert client.post(ADDRESS, content=iter([b" " * 150, b" " * 150])).status_code == 413
        answer = client.post(ADDRESS, json={"instances": X * 5})
        assert (answer.status_code, "more than 10 values" in answer.json()["error"]) == (413, True)

    def test_packed_bodies_count_unpacked(self, serve):
        client = serve({"max_bytes": 2000}, m=row_model)
        headers = {"content-encoding": "gzip"}
        assert client.post(ADDRESS, content=gzip.compress(json.dumps(SENT).encode()), headers=headers).json() == {"predictions": [[10, 4]]}
        assert client.post(ADDRESS, content=gzip.compress(b" " * 3000), headers=headers).status_code == 413
        assert client.post(ADDRESS, content=gzip.compress(b" " * 300)[:-9], headers=headers).status_code == 400
        assert client.post(ADDRESS, content=b"no gzip", headers=headers).status_code == 400
        assert client.post(ADDRESS, content=b"", headers={"content-encoding": "br"}).status_code == 415

    def test_time(self, serve):
        client = serve({"timeout": 0.05}, m=row_model)
        version = client.app.state.server.repository.version("m")
        whole = version.predict
        version.predict = lambda arrays: (time.sleep(0.5), whole(arrays))[1]
        assert client.post(ADDRESS, json=SENT).status_code == 504


class TestWhoMayAsk:
    TOKEN = "a-token-nobody-guesses"

    def test_a_body_that_comes_too_slowly(self, serve):
        async def ask(app):
            sent = []

            async def receive():
                await asyncio.sleep(60)

            async def send(message):
                sent.append(message)

            scope = {"type": "http", "method": "POST", "path": ADDRESS, "headers": [], "query_string": b"", "http_version": "1.1"}
            await app(scope, receive, send)
            return sent

        client = serve({"timeout": 0.05}, m=row_model)
        first, *rest = asyncio.run(ask(client.app))
        assert (first["status"], b"complete after 0.05 seconds" in rest[0]["body"]) == (408, True)

    def test_a_token(self, serve):
        client = serve({"token": self.TOKEN}, m=row_model)
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": self.TOKEN}):
            assert client.post(ADDRESS, json=SENT, headers=headers).status_code == 401
            assert client.get("/metrics", headers=headers).status_code == 401
        assert client.post(ADDRESS, json=SENT, headers={"authorization": f"Bearer {self.TOKEN}"}).status_code == 200
        # the page asks for the token itself
        assert [client.get(address).status_code for address in ("/", "/page/page.js", "/health")] == [200, 200, 200]

    def test_names_of_the_server(self, serve):
        client = serve({"hosts": ("localhost", "::1")}, m=row_model)
        assert client.get("/health", headers={"host": "elsewhere.example"}).status_code == 403
        for host in ("localhost", "localhost:8501", "[::1]:8501"):
            assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(("settings", "words"), [
    ({"models": {}}, "needs at least one model"), ({"models": {"a/b": "x"}}, "can't be the name of a model"), ({"max_batch": 0}, "max_batch must be"),
    ({"timeout": 0}, "timeout must be"), ({"labels": {"z": "x"}}, "no model with this name"), ({"max_wait_ms": -1}, "max_wait_ms"),
])  # fmt: skip
def test_settings_that_cant_be(settings, words):
    with pytest.raises(UsageError, match=words):
        create_app(**{"models": {"m": "m.h5"}, **settings})


def test_settings_reach_the_workers_as_they_are():
    settings = Settings({"m": "m.h5"}, {"m": "l.txt"}, token="x" * 16, hosts=("a", "b"))
    assert Settings.from_json(settings.to_json()) == settings


class TestBatches:
    @pytest.fixture(autouse=True)
    def batching(self):
        from kbridge.serving import batching

        self.batching = batching

    class Doubler:
        name = "m"

        def __init__(self, delay=0.02):
            self.sizes, self.delay = [], delay

        def predict(self, arrays):
            self.sizes.append(len(arrays[0]))
            time.sleep(self.delay)
            if (arrays[0] < 0).any():
                raise RuntimeError("below 0")
            return [2 * x for x in arrays]

    def run(self, requests, **settings):
        from concurrent.futures import ThreadPoolExecutor

        version, rows = self.Doubler(), []

        async def everything():
            with ThreadPoolExecutor(1) as executor:
                options = {"most": 8, "wait": 0.0, "limit": 100, "observe": rows.append, **settings}
                batcher = self.batching.Batcher(version, executor, **options)
                return await asyncio.gather(*(batcher.predict([np.asarray(x, float)]) for x in requests), return_exceptions=True)

        return asyncio.run(everything()), rows, version.sizes

    def test_requests_go_together_and_each_gets_its_own_rows(self):
        requests = [np.full((1 + i % 3, 2), i) for i in range(20)]
        answers, rows, sizes = self.run(requests)
        for request, (answer,) in zip(requests, answers):
            assert np.array_equal(answer, 2 * request)
        assert sum(rows) == sum(len(x) for x in requests)
        assert max(rows) <= 8 and len(rows) < 10
        assert all(size == self.batching.size_for(size, 8) for size in sizes)

    def test_rows_of_other_shapes_are_no_part_of_a_batch(self):
        answers, rows, _ = self.run([np.ones((1, 2)), np.ones((1, 3)), np.ones((1, 2))])
        assert [answer[0].shape for answer in answers] == [(1, 2), (1, 3), (1, 2)]
        assert rows == [1, 1, 1]

    def test_an_error_is_the_answer_of_its_batch_alone(self):
        answers, _, _ = self.run([np.full((1, 1), -1.0), np.ones((1, 2))])
        assert isinstance(answers[0], RuntimeError)
        assert np.array_equal(answers[1][0], [[2, 2]])

    def test_more_rows_than_a_batch_are_computed_in_parts(self):
        answers, rows, sizes = self.run([np.arange(20.0)[:, None]])
        assert np.array_equal(answers[0][0], 2 * np.arange(20.0)[:, None])
        assert (rows, sizes) == ([20], [8, 8, 4])

    def test_a_full_queue_is_503(self):
        answers, _, _ = self.run([np.ones((1, 1))] * 10, limit=4)
        busy = [a for a in answers if isinstance(a, Problem)]
        assert len(busy) == 6
        assert (busy[0].status, busy[0].headers) == (503, {"retry-after": "1"})

    def test_a_batch_waits_to_fill(self):
        version, rows = self.Doubler(0), []

        async def late(batcher):
            await asyncio.sleep(0.02)
            return await batcher.predict([np.ones((1, 1))])

        async def both():
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1) as executor:
                batcher = self.batching.Batcher(version, executor, 2, 60.0, 10, rows.append)
                start = time.monotonic()
                await asyncio.gather(batcher.predict([np.ones((1, 1))]), late(batcher))
                return time.monotonic() - start

        # far less than the 60 s that a batch may wait, also on a busy machine
        assert asyncio.run(both()) < 40
        assert rows == [2]

    def test_sizes(self):
        assert [self.batching.size_for(n, 32) for n in (1, 2, 3, 5, 9, 17, 32)] == [1, 2, 4, 8, 12, 24, 32]
        assert [self.batching.size_for(n, 5) for n in (3, 5)] == [4, 5]
        assert self.batching.fill(np.array([[1], [2]]), 4).tolist() == [[1], [2], [2], [2]]


class TestNewVersions:
    def test_a_folder_of_numbered_versions(self, tmp_path, serve):
        folder = tmp_path / "versions"
        (folder / "2").mkdir(parents=True)
        row_model(folder / "2" / "model.h5", 2)
        client = serve(m=row_model)
        served = client.app.state.server.repository.models["m"]
        served.path, served.versions = folder, {}
        served.refresh()
        assert client.post("/v1/models/m/versions/2:predict", json=SENT).json() == {"predictions": [[20, 8]]}
        row_model(folder / "10.h5", 3)
        served.refresh()
        assert client.post(ADDRESS, json=SENT).json() == {"predictions": [[30, 12]]}
        assert client.post("/v1/models/m/versions/2:predict", json=SENT).status_code == 404

    def test_a_broken_file_leaves_the_old_one_in_its_place_and_is_logged_once(self, tmp_path, serve, caplog):
        client = serve(m=row_model)
        served = client.app.state.server.repository.models["m"]
        (tmp_path / "m.h5").write_bytes(b"no model")
        with caplog.at_level("ERROR", "kbridge.serving"):
            served.refresh()
            served.refresh()
        assert client.post(ADDRESS, json=SENT).json() == {"predictions": [[10, 4]]}
        assert [("m.h5 is not taken" in record.getMessage()) for record in caplog.records] == [True]
        row_model(tmp_path / "next.h5", 5)
        os.replace(tmp_path / "next.h5", tmp_path / "m.h5")
        served.refresh()
        assert client.post(ADDRESS, json=SENT).json() == {"predictions": [[50, 20]]}

    def test_a_folder_that_is_not_as_it_should_be_is_logged_once(self, tmp_path, serve, caplog):
        folder = tmp_path / "versions"
        folder.mkdir()
        row_model(folder / "1.h5")
        (folder / "2.txt").write_text("no model, and no version")
        client = serve(m=row_model)
        repository = client.app.state.server.repository
        repository.models["m"].path = folder
        with caplog.at_level("ERROR", "kbridge.serving"):
            repository.refresh()
            assert not caplog.records
            # a version whose file hasn't come yet
            (folder / "3").mkdir()
            repository.refresh()
            repository.refresh()
        assert [("should hold a single model file" in record.getMessage()) for record in caplog.records] == [True]
        assert client.post(ADDRESS, json=SENT).json() == {"predictions": [[10, 4]]}
        row_model(folder / "3" / "model.h5", 3)
        repository.refresh()
        assert client.post(ADDRESS, json=SENT).json() == {"predictions": [[30, 12]]}

    def test_names_and_numbers_stay_when_a_file_is_replaced(self, tmp_path, serve):
        client = serve(m=row_model)
        served = client.app.state.server.repository.models["m"]
        for factor in (1, 5):
            row_model(tmp_path / "next.h5", factor)
            os.replace(tmp_path / "next.h5", tmp_path / "m.h5")
            served.refresh()
            facts = client.get("/v2/models/m").json()
            # workers that started before and after must say the same
            assert (facts["versions"], facts["inputs"][0]["name"]) == (["1"], "y_input")
            # the name that the input has in this process is taken too
            own = served.version().model.input_names[0]
            assert own != "y_input"
            for name in ("y_input", own):
                assert client.post(ADDRESS, json={"inputs": {name: X}}).json() == {"outputs": [[10 * factor, 4 * factor]]}
                assert client.post(ADDRESS, json={"instances": [{name: X[0]}]}).status_code == 200
                sent = {"inputs": [{"name": name, "shape": [1, 3], "datatype": "FP32", "data": X[0]}]}
                assert client.post("/v2/models/m/infer", json=sent).status_code == 200
            assert client.post(ADDRESS, json={"inputs": {"y_input": X, own: X}}).status_code == 400

    def test_it_is_looked_for_while_the_server_runs(self, tmp_path, serve):
        client = serve({"poll": 0.05}, m=row_model)
        row_model(tmp_path / "next.h5", 5)
        os.replace(tmp_path / "next.h5", tmp_path / "m.h5")
        end = time.monotonic() + 60
        while client.post(ADDRESS, json=SENT).json() != {"predictions": [[50, 20]]}:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_model_that_fails_is_500_a_line_of_the_log_and_a_count(serve, caplog):
    client = serve(m=row_model)
    client.app.state.server.repository.version("m").predict = lambda arrays: 1 / 0
    with caplog.at_level("ERROR", "kbridge.serving"):
        answer = client.post(ADDRESS, json=SENT)
    assert (answer.status_code, "its log says why" in answer.json()["error"]) == (500, True)
    assert any(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)
    assert 'kbridge_errors_total{model="m"} 1.0' in client.get("/metrics").text


def test_values_that_go_in_unscaled_are_told(serve, caplog):
    with caplog.at_level("INFO", "kbridge.serving"):
        client = serve(m=picture_model, rows=row_model)
    hints = {model["name"]: model["hint"] for model in client.get("/about").json()["models"]}
    assert "from 0 to 255" in hints["m"] and hints["rows"] is None
    assert [record.getMessage() for record in caplog.records if "hint" in record.getMessage()] == [f"model m: hint: {hints['m']}"]


def test_metrics(serve):
    client = serve(m=row_model)
    for _ in range(3):
        client.post(ADDRESS, json=SENT)
    client.post(ADDRESS, json={})
    text = client.get("/metrics").text
    for line in ('kbridge_requests_total{model="m",status="200"} 3.0', 'kbridge_requests_total{model="m",status="400"} 1.0',
                 'kbridge_request_seconds_count{model="m"} 3.0', 'kbridge_batch_rows_count{model="m"} 3.0', 'kbridge_queue_requests{model="m"} 0.0'):  # fmt: skip
        assert line in text, line


def test_many_threads_get_their_own_answers(serve):
    client = serve(m=row_model)
    wrong = []

    def ask(number):
        rng = np.random.RandomState(number)
        for _ in range(30):
            x = rng.randint(0, 50, (rng.randint(1, 4), 3)).astype(float)
            found = client.post(ADDRESS, json={"instances": x.tolist()}).json()
            if found != {"predictions": (x @ [[1, 0], [0, 2], [3, 0]]).tolist()}:
                wrong.append((x, found))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_mounted_in_another_application_it_reads_its_models_at_the_first_request(tmp_path):
    pytest.importorskip("httpx2", reason="httpx2 is not installed (extra 'test')")
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.testclient import TestClient

    row_model(tmp_path / "m.h5")
    (tmp_path / "broken.h5").write_bytes(b"no model")
    apps = {name: create_app({name: str(tmp_path / f"{name}.h5")}, poll=60.0, token="0123456789abcdef") for name in ("m", "broken")}
    token = {"authorization": "Bearer 0123456789abcdef"}
    with TestClient(Starlette(routes=[Mount(f"/{name}", app=app) for name, app in apps.items()])) as client:
        # what needs no token needs none there
        assert client.get("/m/health").status_code == 200
        assert client.post(f"/m{ADDRESS}", json=SENT, headers=token).json() == {"predictions": [[10, 4]]}
        assert client.post(f"/m{ADDRESS}", json=SENT).status_code == 401
        for _ in range(2):
            answer = client.get("/broken/health")
            assert (answer.status_code, "can't be read" in answer.json()["error"]) == (503, True)


def test_predict_wants_post(serve):
    client = serve(m=row_model)
    for address in (ADDRESS, "/v1/models/m/versions/1:predict", "/v2/models/m/infer"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["allow"], "POST" in answer.json()["error"]) == (405, "POST", True), answer.text


def test_a_model_that_cant_be_read_stops_the_start(tmp_path):
    from starlette.testclient import TestClient

    (tmp_path / "m.h5").write_bytes(b"no model")
    with pytest.raises(UsageError, match="m.h5"), TestClient(create_app({"m": str(tmp_path / "m.h5")})):
        pass
