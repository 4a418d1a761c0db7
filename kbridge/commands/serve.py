"""``kbridge serve``: models behind HTTP."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from .. import config
from ..cores import allowed_cores
from ..errors import UsageError
from ..extras import needed
from .picture_flags import add_picture_flags, fit_and_interpolation

#: the environment variable with the token
TOKEN = "KBRIDGE_TOKEN"
#: seconds that running requests get after a signal to stop
GRACE = 20


def add_parser(subparsers) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "serve",
        description="Serve models over HTTP: with TensorFlow Serving's REST API (/v1), the Open Inference Protocol (/v2), and a page for people "
        "(/). The server listens only on this machine, unless --host says otherwise; then --token or --allow-anyone is needed. "
        "A request can't make the server read a file, and can't upload a model.",
    )
    parser.add_argument(
        "models", nargs="+", metavar="MODEL", help="a model file or a folder of numbered versions; NAME=PATH gives it another name"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on. Default: %(default)s")
    parser.add_argument("--port", type=int, default=8501, help="the port to listen on. Default: %(default)s")
    parser.add_argument(
        "--token", metavar="TEXT", default=os.environ.get(TOKEN) or None,
        help=f"the text that each request must carry, as 'Authorization: Bearer TEXT'. Default: the environment variable {TOKEN}, whose "
        "value other users of this machine can't see",
    )  # fmt: skip
    parser.add_argument("--allow-anyone", action="store_true", help="let other machines ask without a token")
    parser.add_argument(
        "--labels", metavar="[NAME=]FILE", action="append", default=[], help="the names of a model's classes, one in each line"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="the number of processes. Default: %(default)s")
    parser.add_argument(
        "--max-batch",
        type=int,
        default=32,
        metavar="N",
        help="the largest number of rows that are predicted together; 1 switches batching off. Default: %(default)s",
    )
    parser.add_argument(
        "--max-wait-ms",
        type=float,
        default=0.0,
        metavar="MS",
        help="how many milliseconds a batch waits for more requests. Default: %(default)s",
    )
    parser.add_argument(
        "--queue",
        type=int,
        default=1024,
        metavar="N",
        help="the number of requests that may wait for a model; more are refused. Default: %(default)s",
    )
    parser.add_argument(
        "--max-bytes", type=int, default=2**26, metavar="N", help="the largest size of a request, in bytes. Default: %(default)s"
    )
    parser.add_argument(
        "--max-values", type=int, default=2**24, metavar="N", help="the largest number of values in a request. Default: %(default)s"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long a request may take to arrive, and then to be answered. Default: %(default)s",
    )
    parser.add_argument(
        "--poll",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="how often to look for new versions of a model; 0 means never. Default: %(default)s",
    )
    parser.add_argument("--log", choices=("text", "json"), default="text", help="the form of the lines in the log. Default: %(default)s")
    add_picture_flags(parser, "pictures that are sent as base64")
    parser.add_argument(
        "--custom", metavar="FILE.py", help="a Python file that defines the models' own layers and functions. kbridge runs it"
    )
    parser.add_argument("--backend", metavar="NAME", help="numpy (default), tensorflow or theano")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal."""
    local = is_local(args.host)
    if not local and args.token is None and not args.allow_anyone:
        raise UsageError(
            f"--host {args.host} lets other machines send requests. Give --token TEXT (or set {TOKEN}), which they must then send, or --allow-anyone."
        )
    if args.token is not None and len(args.token) < 16:
        raise UsageError(f"--token must have at least 16 characters, so that nobody can guess it; got {len(args.token)}.")
    if args.workers < 1:
        raise UsageError(f"--workers must be at least 1, got {args.workers}.")
    if args.backend:
        os.environ["KBRIDGE_BACKEND"] = config.checked("backend", args.backend, "--backend")
    else:
        os.environ.setdefault("KBRIDGE_BACKEND", "numpy")
    if not 0 <= args.port <= 65535:
        raise UsageError(f"--port must be from 0 to 65535, got {args.port}.")
    uvicorn = needed("uvicorn", "serve", "kbridge serve")
    for module in ("starlette.applications", "orjson", "prometheus_client"):
        needed(module, "serve", "kbridge serve")
    from ..serving.settings import FAILED, VARIABLE, Settings

    fit, interpolation = fit_and_interpolation(args)
    settings = Settings(
        models=named_models(args.models), labels=named_labels(args.labels, args.models), max_batch=args.max_batch,
        max_wait_ms=args.max_wait_ms, queue=args.queue, max_bytes=args.max_bytes, max_values=args.max_values, timeout=args.timeout,
        token=args.token, hosts=tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", args.host))) if local else (), log=args.log, poll=args.poll,
        fit=fit, interpolation=interpolation,
        scaling=args.scaling, scale=args.scale, shift=args.shift, custom=args.custom,
    )  # fmt: skip
    for name, path in settings.models.items():
        if not Path(path).exists():
            raise UsageError(f"There is no file {path!r} for model {name!r}.")
    os.environ[VARIABLE] = settings.to_json()
    # workers must not fight for the cores with the threads of each other's BLAS
    os.environ["KBRIDGE_NUM_THREADS"] = str(threads_of_a_worker(args.workers))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, os.environ["KBRIDGE_NUM_THREADS"])
    with tempfile.TemporaryDirectory(prefix="kbridge-serve-") as folder:
        os.environ[FAILED] = os.path.join(folder, "failed")
        if args.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        _check_port(args.host, args.port)
        print(f"kbridge: serving {', '.join(settings.models)} on http://{args.host}:{args.port}/", file=sys.stderr, flush=True)
        # uvicorn sends itself the signal again when it has ended, so that a single process would end with it
        before = signal.signal(signal.SIGTERM, _end)
        try:
            uvicorn.run(
                "kbridge.serving.app:from_environment", factory=True, host=args.host, port=args.port, workers=args.workers,
                access_log=False, log_config=None, timeout_graceful_shutdown=GRACE, timeout_keep_alive=30, server_header=False,
            )  # fmt: skip
        except SystemExit as ended:
            # that of uvicorn for an application that doesn't start is 3
            return int(bool(ended.code))
        finally:
            signal.signal(signal.SIGTERM, before)
        # with several processes uvicorn doesn't tell
        return int(os.path.exists(os.environ[FAILED]))


def _end(number: int, frame: Any) -> NoReturn:
    """End in order: a signal to stop is no fault."""
    raise SystemExit(0)


def is_local(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def named_models(arguments: list[str]) -> dict[str, str]:
    """Name -> path; a path without a name is called like its file. UsageError for two of one name."""
    found: dict[str, str] = {}
    for argument in arguments:
        name, sign, path = argument.partition("=")
        if not sign or os.path.exists(argument):
            name, path = Path(argument).resolve().stem, argument
        if name in found:
            raise UsageError(f"Two models have the name {name!r}. Give one of them another name: NAME=PATH.")
        found[name] = path
    return found


def named_labels(arguments: list[str], models: list[str]) -> dict[str, str]:
    """Name -> file of labels; without a name it is for the only model."""
    names = list(named_models(models))
    found = {}
    for argument in arguments:
        name, sign, path = argument.partition("=")
        if not sign:
            if len(names) > 1:
                raise UsageError(
                    f"--labels {argument!r} must name its model, because there are several: {', '.join(names)}. Give NAME=FILE."
                )
            name, path = names[0], argument
        if not Path(path).is_file():
            raise UsageError(f"There is no file {path!r} for --labels.")
        found[name] = path
    return found


def threads_of_a_worker(workers: int) -> int:
    """The number of threads that the settings say, or else a worker's share of the cores."""
    return config.num_threads() or max(allowed_cores() // workers, 1)


def _check_port(host: str, port: int) -> None:
    """UsageError if somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(f"Can't listen on {host}:{port}: {error.strerror or error}.") from None
