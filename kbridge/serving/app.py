"""The ASGI application: addresses, who may ask, and what an answer looks like."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from ..extras import needed
from .models import Repository, Version
from .problems import Problem, bad, not_found
from .settings import FAILED, VARIABLE, Settings

needed("starlette.applications", "serve", "Serving models")
needed("orjson", "serve", "Serving models")
needed("prometheus_client", "serve", "Serving models")

import orjson  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

from . import bodies, logs, tf_rest, v2  # noqa: E402
from .batching import Batcher  # noqa: E402
from .metrics import Metrics  # noqa: E402

log = logging.getLogger("kbridge.serving")

JSON = {"content-type": "application/json"}
#: files of the page -> their types
PAGE = {"index.html": "text/html; charset=utf-8", "page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
#: the page loads nothing but its own parts and asks nobody but this server
POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: bytes of a body that is parsed in a thread, so that it doesn't hold up others
LARGE = 2**18


def application(settings: Settings) -> Starlette:
    """The application of ``settings``; its models are read when it starts."""
    server = Server(settings)
    address = "/v1/models/{name}"
    model = "/v2/models/{name}"
    routes = [
        Route("/", server.page),
        Route("/page/{file}", server.page),
        Route("/about", server.about),
        Route("/health", server.health),
        Route("/metrics", server.metrics_text),
        *(Route(f"{address}{version}:{{verb}}", server.predict, methods=["POST"]) for version in ("", "/versions/{version:int}")),
        *(Route(f"{address}{version}{what}", server.describe) for version in ("", "/versions/{version:int}") for what in ("", "/{what}")),
        Route("/v2", server.v2_server),
        Route("/v2/health/{what}", server.health),
        *(Route(f"{model}{version}/infer", server.infer, methods=["POST"]) for version in ("", "/versions/{version:int}")),
        *(Route(f"{model}{version}/ready", server.ready) for version in ("", "/versions/{version:int}")),
        *(Route(f"{model}{version}", server.v2_model) for version in ("", "/versions/{version:int}")),
    ]
    app = Starlette(routes=routes, lifespan=server.lifespan, exception_handlers={404: _unknown, 405: _unknown})
    app.add_middleware(Guard, server=server)
    app.state.server = server
    return app


def from_environment() -> Starlette:
    """The application of a worker process of ``kbridge serve``."""
    settings = Settings.from_json(os.environ[VARIABLE])
    logs.set_up(settings.log)
    return application(settings)


async def _unknown(request: Request, error: Any) -> Response:
    text = f"Malformed request: {request.method} {request.url.path}"
    if error.status_code == 405 and (allowed := (error.headers or {}).get("Allow")):
        text += f"; {':predict' if request.url.path.endswith(':predict') else 'it'} wants {' or '.join(sorted(set(allowed.split(', ')) - {'HEAD'}))}."
    return Response(orjson.dumps({"error": text}), error.status_code, {**JSON, **(getattr(error, "headers", None) or {})})


class Server:
    """The models, their queues, and the answers."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.repository = Repository(settings)
        self.metrics = Metrics()
        self.fitting = settings.fitting()
        #: one thread computes: a backend uses the cores itself
        self.compute = ThreadPoolExecutor(1, "kbridge-compute")
        self.batchers: dict[int, Batcher] = {}
        self.started, self.starting = False, asyncio.Lock()
        self.watch: asyncio.Task | None = None
        #: until when models that can't be read aren't tried again
        self.refused = 0.0

    async def start(self) -> None:
        """Read the models, and look for new ones from now on. UsageError for one that can't be read."""
        async with self.starting:
            if self.started:
                return
            if time.monotonic() < self.refused:
                raise UsageError("The models can't be read.")
            try:
                await asyncio.to_thread(self.repository.load)
            except UsageError as error:
                self.refused = time.monotonic() + max(self.settings.poll, 1.0)
                log.error("%s", error)
                raise
            if self.settings.poll:
                self.watch = asyncio.create_task(self._watch())
            self.started = True

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Read the models, look for new ones while the server runs, and let the queues run empty at the end."""
        try:
            await self.start()
        except UsageError:
            if FAILED in os.environ:
                Path(os.environ[FAILED]).touch()
            raise
        try:
            yield
        finally:
            if self.watch is not None:
                self.watch.cancel()
            self.compute.shutdown(wait=False)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.settings.poll)
            try:
                await asyncio.to_thread(self.repository.refresh)
            except Exception:
                log.exception("looking for new models failed")

    def batcher(self, version: Version) -> Batcher:
        """The queue of a version; those of versions that no longer serve are forgotten."""
        found = self.batchers.get(id(version))
        if found is None:
            serving = {id(v) for served in self.repository.models.values() for v in served.versions.values()}
            self.batchers = {key: b for key, b in self.batchers.items() if key in serving or b.queue}
            observe = self.metrics.batches.labels(version.name).observe
            wait = self.settings.max_wait_ms / 1000
            found = Batcher(version, self.compute, self.settings.max_batch, wait, self.settings.queue, observe)
            self.batchers[id(version)] = found
        return found

    # ------------------------------------------------------------------ predictions

    async def answer(self, request: Request, version: Version, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Outputs for the rows of a request, within the time for it."""
        request.scope["kbridge.rows"] = len(arrays[0])
        batcher = self.batcher(version)
        waiting = self.metrics.waiting.labels(version.name)
        waiting.inc()
        try:
            return await asyncio.wait_for(batcher.predict(arrays), self.settings.timeout)
        except TimeoutError:
            raise Problem(504, f"The model didn't answer within {self.settings.timeout:g} seconds.") from None
        finally:
            waiting.dec()

    def version(self, request: Request) -> Version:
        """The version that an address names."""
        request.scope["kbridge.model"] = request.path_params["name"]
        return self.repository.version(request.path_params["name"], request.path_params.get("version"))

    async def predict(self, request: Request) -> Response:
        """TensorFlow Serving's ``:predict``."""
        version = self.version(request)
        if request.path_params["verb"] != "predict":
            raise bad(f"The method {request.path_params['verb']!r} doesn't exist; use ':predict'.")
        body = await bodies.read(request, self.settings)

        def read() -> tuple[list[np.ndarray], bool]:
            return tf_rest.arrays(bodies.parsed(body, self.settings), version, self.fitting, self.settings, bodies.has_words(body))

        arrays, by_row = await asyncio.to_thread(read) if len(body) > LARGE else read()
        outputs = await self.answer(request, version, arrays)
        return Response(orjson.dumps(tf_rest.answer(outputs, version, by_row), option=orjson.OPT_SERIALIZE_NUMPY), headers=JSON)

    async def infer(self, request: Request) -> Response:
        """The Open Inference Protocol's ``infer``."""
        version = self.version(request)
        body = await bodies.read(request, self.settings)
        length = request.headers.get(v2.LENGTH)

        def read() -> v2.Inference:
            return v2.Inference(body, length, version, self.settings)

        inference = await asyncio.to_thread(read) if len(body) > LARGE else read()
        outputs = await self.answer(request, version, inference.arrays)
        content, headers = inference.answer(outputs)
        if "gzip" in request.headers.get("accept-encoding", "") and len(content) > LARGE:
            content, headers = bodies.packed(content), {**headers, "content-encoding": "gzip"}
        return Response(content, headers=headers)

    # ------------------------------------------------------------------ facts

    async def describe(self, request: Request) -> Response:
        """Status and metadata of TensorFlow Serving's API."""
        if request.path_params["name"].endswith(":predict"):
            raise Problem(405, f"Malformed request: {request.method} {request.url.path}; :predict wants POST.", {"allow": "POST"})
        version = self.version(request)
        what = request.path_params.get("what")
        if what not in (None, "metadata"):
            raise not_found(f"Malformed request: GET {request.url.path}")
        return _json(tf_rest.metadata(version) if what else tf_rest.status(version))

    async def v2_server(self, request: Request) -> Response:
        """Describe this server."""
        return _json(v2.server())

    async def v2_model(self, request: Request) -> Response:
        """Describe the inputs and outputs of a model."""
        return _json(v2.metadata(self.version(request)))

    async def ready(self, request: Request) -> Response:
        """Whether a model answers."""
        self.version(request)
        return _json({"ready": True})

    async def health(self, request: Request) -> Response:
        """Whether the server lives, and whether all its models answer."""
        what = request.path_params.get("what", "ready")
        if what not in ("ready", "live"):
            raise not_found(f"Malformed request: GET {request.url.path}")
        for name in self.repository.models:
            self.repository.version(name)
        return _json({what: True})

    async def metrics_text(self, request: Request) -> Response:
        """For Prometheus."""
        return Response(self.metrics.text(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    async def about(self, request: Request) -> Response:
        """Answer with what the page shows: the models with their layers."""
        found = [self.repository.version(name).about() for name in self.repository.models]
        return _json({"models": found, "token": self.settings.token is not None})

    async def page(self, request: Request) -> Response:
        """The page for people, and its parts."""
        file = request.path_params.get("file", "index.html")
        if file not in PAGE:
            raise not_found(f"Malformed request: GET {request.url.path}")
        content = resources.files(__package__).joinpath("page", file).read_bytes()
        headers = {
            "content-type": PAGE[file],
            "content-security-policy": POLICY,
            "x-content-type-options": "nosniff",
            "cache-control": "no-cache",
        }
        return Response(content, headers=headers)


class Guard:
    """Who may ask, what a problem looks like, and a line of the log for each request."""

    #: what needs no token: whether the server lives, and the page, which asks for one
    OPEN = ("/", "/health", "/v2/health/live", "/v2/health/ready")

    def __init__(self, app: Any, server: Server):
        self.app, self.server = app, server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":

            async def brief(message: Any) -> None:
                # the log has a line for models that can't be read; Starlette's message is a traceback
                if message["type"] == "lifespan.startup.failed" and self.server.refused:
                    message = {**message, "message": ""}
                await send(message)

            await self.app(scope, receive, brief)
            return
        start, status = time.perf_counter(), 0

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            self._check(scope)
            if not self.server.started:
                await self._start()
            await self.app(scope, receive, noted)
        except Problem as problem:
            await Response(orjson.dumps({"error": problem.text}), problem.status, {**JSON, **problem.headers})(scope, receive, noted)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            self.server.metrics.errors.labels(self._model(scope)).inc()
            if not status:
                await Response(orjson.dumps({"error": "the model or the server failed; its log says why"}), 500, JSON)(
                    scope, receive, noted
                )
        finally:
            self._note(scope, status, time.perf_counter() - start)

    async def _start(self) -> None:
        """Read the models at the first request: a server doesn't tell an application inside of another that it starts."""
        try:
            await self.server.start()
        except UsageError:
            raise Problem(503, "The models can't be read; the server's log says why.", {"retry-after": "1"}) from None

    def _check(self, scope: Any) -> None:
        """Whether the request may be answered: the server's name and the token. Problem 403 or 401 if not."""
        settings = self.server.settings
        headers = {name: value for name, value in scope["headers"] if name in (b"host", b"authorization")}
        if settings.hosts:
            host = headers.get(b"host", b"").decode("latin-1")
            if host.rpartition(":")[0].strip("[]") not in settings.hosts and host.strip("[]") not in settings.hosts:
                raise Problem(403, f"This server doesn't answer for the host {host!r}; it answers for {', '.join(settings.hosts)}.")
        # without what stands in front where this application is mounted in another
        path = _path(scope)
        if settings.token is None or path in self.OPEN or path.startswith("/page/"):
            return
        given = headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, f"Bearer {settings.token}".encode()):
            raise Problem(401, "This server needs a token: send the header 'Authorization: Bearer TOKEN'.", {"www-authenticate": "Bearer"})

    def _model(self, scope: Any) -> str:
        name = scope.get("kbridge.model", "")
        return name if name in self.server.repository.models else ""

    def _note(self, scope: Any, status: int, seconds: float) -> None:
        model = self._model(scope)
        self.server.metrics.requests.labels(model, str(status)).inc()
        if "kbridge.rows" in scope:
            self.server.metrics.latency.labels(model).observe(seconds)
        client = (scope.get("client") or ("?",))[0]
        fields = {"client": client, "method": scope["method"], "path": scope["path"], "status": status, "ms": round(seconds * 1000, 2)}
        if "kbridge.rows" in scope:
            fields["rows"] = scope["kbridge.rows"]
        text = " ".join(str(value) for value in fields.values())
        log.info("%s", text, extra={"fields": fields})


def _path(scope: Any) -> str:
    """The path of a request inside of this application."""
    root = scope.get("root_path", "").rstrip("/")
    return scope["path"].removeprefix(root) if scope["path"].startswith(f"{root}/") else scope["path"]


def _json(found: Any) -> Response:
    return Response(orjson.dumps(found), headers=JSON)
