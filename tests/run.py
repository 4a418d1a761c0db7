"""Run the whole suite: what concerns no single backend once, everything else once for each backend.

    python tests/run.py [--backends numpy,tensorflow] [--only PART] [--quick | --light] [--passed FILE] [-- pytest arguments]

``--quick`` is for a second Python: the parity matrix and a part of the tests, in a few minutes. ``--light`` is for an environment without
extras: what NumPy alone can run. With ``--passed FILE`` it writes which tests passed, and a whole run with the same file leaves them out on
NumPy: they have run there.

Each part is divided by folders into jobs. A job is a pytest run in a process of its own with an empty home; two run at a time, and what a job
printed is shown when it has ended. Theano's compiled code is kept in ``.cache/theano`` of the working tree.
"""

from __future__ import annotations

import argparse
import fnmatch
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
#: tests that load backends by themselves, or none; the folders in ``backends`` are each for one
SHARED = ("unit", "parity")
#: which module a backend needs
NEEDS = {"numpy": "numpy", "tensorflow": "tensorflow", "theano": "theano"}

#: tests that Theano also runs as compiled code, and which of their cases
COMPILED = ["training/test_tutorial.py", "oracle/test_cases.py", "learning", "examples"]
#: tests that Theano runs as compiled code only, because they train for thousands of batches
ONLY_COMPILED = ["learning", "examples"]
COMPILED_CASES = " or ".join(
    [
        "learning",
        "example",
        "tutorial",
        "opt_adam",
        "mimo_dicts",
        "nested_two_outputs",
        "arch_",
        "fit_bn",
        "lstm_gpu",
        "gru_stateful",
        "conv2d_th_same",
    ]
)

#: what a second Python runs for each backend, beside its own tests
QUICK = [
    "training/test_tutorial.py",
    "training/test_loop.py",
    "saving/test_round_trip.py",
    "layers/test_core.py",
    "graph/test_sequential.py",
]
#: units that no other backend and hardly an extra is part of
LIGHT_UNITS = [
    "applications", "cited_conversions", "cited_differences", "config", "config_examples", "convert", "convert_entries",
    "convert_functions", "convert_keras2", "convert_training", "datasets", "drawings", "get_file", "hostile_keras2_files", "images",
    "import_direction", "imports", "inspect", "keras2_configs", "layer_options_covered", "layers_page", "predict", "predict_sources",
    "python2", "removed_modules", "scikit_learn", "sequences_and_texts", "serving_docs",
]  # fmt: skip
#: what ``--light`` runs, on NumPy: the tests of everyday changes
LIGHT = ["backends/numpy", "functions", "graph", "layers", "prediction", "saving", "serving", "training", "utils"]
LIGHT += [f"unit/test_{name}.py" for name in LIGHT_UNITS]
NO_COMPILER = {"THEANO_FLAGS": "cxx=,optimizer=fast_compile"}

#: folders that take minutes: each is a job of its own, and what is left of a part another one
LARGE = ["parity", "saving", "layers", "oracle", "training", "learning", "examples"]
#: files of ``unit`` that are jobs of their own; those that convert to Keras 3 share one import of it
UNITS = {"conversions": ["test_convert*", "test_random_conversions*"], "comparisons": ["test_compare*", "test_as_keras*"]}
#: pytest's exit status where -k or -m leave no test
NO_TESTS = 5
#: seconds after which a line says how far the suite is, since jobs that run side by side print nothing before they end
MINUTE = 60


def installed() -> list[str]:
    """The backends that can be tested here."""
    return [name for name, module in NEEDS.items() if importlib.util.find_spec(module)]


def environment(backend: str, home: str) -> dict[str, str]:
    """The environment of one job: no keras.json, one thread for small matrices, cheap compilation in Theano. Bytecode is kept:
    hundreds of processes would compile kbridge anew."""
    env = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "KBRIDGE_BACKEND", "KERAS_HOME", "PYTHONDONTWRITEBYTECODE")}
    env.update(
        HOME=home,
        USERPROFILE=home,
        KBRIDGE_BACKEND=backend,
        KBRIDGE_THEANO_CACHE=env.get("KBRIDGE_THEANO_CACHE", str(ROOT / ".cache" / "theano")),
        THEANO_FLAGS=env.get("THEANO_FLAGS", "optimizer=fast_compile"),
        OPENBLAS_NUM_THREADS="1",
        OMP_NUM_THREADS="1",
        TF_CPP_MIN_LOG_LEVEL="3",
        PYTHONHASHSEED="0",
    )
    return env


class Part(NamedTuple):
    """Tests that run with the same settings."""

    name: str
    backend: str
    #: below tests/
    paths: list[str]
    #: what differs in its environment
    variables: dict[str, str] = {}
    arguments: tuple[str, ...] = ()
    #: what Python runs in place of pytest
    command: tuple[str, ...] = ()


def parts(backends: list[str]) -> list[Part]:
    """The whole suite on ``backends``; what takes longest comes first."""
    tests = ROOT / "tests"
    folders = sorted(p.name for p in tests.iterdir() if p.is_dir() and any(p.rglob("test_*.py")))
    shared = [f for f in SHARED if f in folders]
    shared += [f"backends/{p.name}" for p in sorted((tests / "backends").iterdir()) if p.name in backends]
    frontend = [f for f in folders if f not in (*SHARED, "backends", "packages", "data")]
    found = [Part("shared", "numpy", shared)]
    for backend in reversed(backends):
        # what no backend is part of runs with the first of them
        rest = () if backend == backends[0] else ("-m", "not once")
        if backend == "theano":
            # hundreds of models: compiling them in C takes far longer than running them in Python
            quick = [f for f in frontend if f not in ONLY_COMPILED]
            found.append(Part("theano-compiled", backend, COMPILED, {}, ("-k", COMPILED_CASES)))
            found.append(Part("theano-python", backend, quick, NO_COMPILER, rest))
        else:
            found.append(Part(backend, backend, frontend, {}, rest))
    return found


def quick_parts(backends: list[str]) -> list[Part]:
    """What ``--quick`` runs."""
    matrix = ("-m", "kbridge", "parity", "--off", "--dtypes", "float32", "--backends", ",".join(backends))
    found = [Part("parity", "numpy", [], NO_COMPILER, command=matrix)]
    for backend in backends:
        found.append(Part(backend, backend, [f"backends/{backend}", *QUICK], NO_COMPILER, ("-k", "not is_needed")))
        if backend == "theano":
            found.append(Part("theano-compiled", backend, ["training/test_tutorial.py"]))
    return found


def light_parts() -> list[Part]:
    """What ``--light`` runs: no package is needed but NumPy, h5py and the test tools."""
    return [Part("light", "numpy", LIGHT, {}, ("-m", "not once"))]


class Job(NamedTuple):
    """What one process does of a part."""

    part: Part
    name: str
    paths: list[str]

    @property
    def title(self) -> str:
        return f"{self.part.name} {self.name}".strip()


class Result(NamedTuple):
    """How a job ended."""

    job: Job
    status: int
    seconds: float
    failures: list[str] = []
    #: names of tests, as --passed-to writes them
    passed: str = ""


def jobs(part: Part) -> list[Job]:
    """What runs of a part in processes of its own: each large folder, some units together, and the rest."""
    if part.command:
        return [Job(part, "", [])]
    groups: dict[str, list[str]] = {}
    for path in part.paths:
        if path == "unit":
            for file in sorted((ROOT / "tests/unit").glob("test_*.py")):
                group = next((g for g, patterns in UNITS.items() if any(fnmatch.fnmatch(file.name, p) for p in patterns)), "unit")
                groups.setdefault(group, []).append(f"unit/{file.name}")
        else:
            alone = path in LARGE or part.name == "shared"
            groups.setdefault(path if alone else "rest", []).append(path)
    # short jobs last, so that no process waits long for the other
    names = sorted(groups, key=lambda name: name == "rest")
    return [Job(part, name if len(names) > 1 else "", groups[name]) for name in names]


def run(job: Job, args: argparse.Namespace) -> Result:
    """Run a job. What it prints is shown at once if nothing else runs, else when it has ended."""
    start = time.time()
    part = job.part
    with tempfile.TemporaryDirectory() as home:
        report, passed, printed = (Path(home, name) for name in ("report.xml", "passed.txt", "printed.txt"))
        command = [sys.executable, *part.command]
        if not part.command:
            command += ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
            # units stay: some look at all backends that are installed
            if args.passed and part.name == "light":
                command.append(f"--passed-to={passed}")
            elif args.passed and part.name == "numpy":
                command.append(f"--passed-in={args.passed.resolve()}")
            command += [f"tests/{path}" for path in job.paths] + [*part.arguments, *args.arguments]
        # one write each: the jobs share the output
        print(f"\n===== {job.title} =====\n" if args.workers == 1 else f"... {job.title}\n", end="", flush=True)
        variables = {**environment(part.backend, home), **part.variables}
        if args.workers == 1:
            status = subprocess.run(command, cwd=ROOT, env=variables).returncode
        else:
            with printed.open("wb") as file:
                status = subprocess.run(command, cwd=ROOT, env=variables, stdout=file, stderr=subprocess.STDOUT).returncode
            print(f"\n===== {job.title} =====\n{printed.read_text(encoding='utf-8', errors='replace')}\n", end="", flush=True)
        failed = failures(report) if status not in (0, NO_TESTS) and not part.command else []
        names = passed.read_text(encoding="utf-8") if passed.exists() else ""
    return Result(job, status, time.time() - start, failed, names)


def failures(report: Path) -> list[str]:
    """A line for each failed test of pytest's JUnit report: its name and the first line of the reason."""
    if not report.exists():
        return ["pytest wrote no report: it was ended from outside, or its arguments are wrong"]
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        for reason in (*case.findall("failure"), *case.findall("error")):
            message = (reason.get("message") or "no reason given").strip().splitlines()[0]
            found.append(f"{case.get('classname')}::{case.get('name')}: {message[:300]}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backends", help="comma-separated (default: all installed)")
    parser.add_argument("--only", help="one part: shared or a backend's name")
    parser.add_argument("--quick", action="store_true", help="the parity matrix and a part of the tests")
    parser.add_argument("--light", action="store_true", help="the tests of everyday changes, on NumPy, in two minutes")
    parser.add_argument(
        "--passed", metavar="FILE", type=Path, help="written by --light; else what in it has passed isn't run on NumPy again"
    )
    workers = min(2, os.cpu_count() or 1)
    parser.add_argument("--workers", type=int, default=workers, help="processes of a part (default: %(default)s)")
    parser.add_argument("arguments", nargs="*", help="passed on to pytest")
    args = parser.parse_args()
    backends = args.backends.split(",") if args.backends else installed()
    unknown = [name for name in backends if name not in NEEDS]
    if unknown or args.only not in (None, *backends, *(part.name for part in parts(backends))):
        parser.error(f"no such backend or part: {', '.join(unknown) or args.only}; backends: {', '.join(NEEDS)}")
    if args.passed and not args.light and not args.passed.is_file():
        parser.error(f"there is no {args.passed}, which --light --passed {args.passed} writes")
    left_out = [name for name in NEEDS if name not in backends]
    if left_out and not args.light:
        reason = "not asked for" if args.backends else "not installed"
        print(f"Not tested: {', '.join(left_out)} ({reason})", flush=True)
    start = time.time()
    chosen = light_parts() if args.light else quick_parts(backends) if args.quick else parts(backends)
    wanted = [job for part in chosen if args.only in (None, part.name, part.name.partition("-")[0]) for job in jobs(part)]
    with ThreadPoolExecutor(args.workers) as pool:
        running = [pool.submit(run, job, args) for job in wanted]
        while wait(running, timeout=MINUTE).not_done:
            ended = sum(job.done() for job in running)
            print(f"... {ended} of {len(running)} jobs have ended, after {(time.time() - start) / 60:.0f} minutes", flush=True)
        results = [job.result() for job in running]
    if args.passed and args.light:
        args.passed.parent.mkdir(parents=True, exist_ok=True)
        args.passed.write_text("".join(result.passed for result in results), encoding="utf-8")
    print("\n===== summary =====")
    for result in results:
        for line in result.failures:
            print(f"{result.job.title}: {line}")
    for job, status, seconds, *_ in results:
        said = {0: "passed", NO_TESTS: "no tests"}.get(status, f"FAILED (exit status {status})")
        print(f"{job.title:32} {said:24} {seconds:6.0f} s")
    # a process that a signal ended has a negative status
    return int(all(r.status == NO_TESTS for r in results) or any(r.status not in (0, NO_TESTS) for r in results))


if __name__ == "__main__":
    sys.exit(main())
