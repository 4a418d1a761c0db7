"""The benchmarks run, and the contenders compute the same."""

import json

import pytest
from processes import python

from benchmarks import __main__ as benchmarks
from benchmarks.contender import Goal
from benchmarks.workloads import WORKLOADS


def test_a_benchmark_measures_contenders_that_agree(tmp_path):
    file = tmp_path / "numbers.json"
    args = ["tiny_mlp", "--only", "numpy", "--rounds", "2", "--seconds", "0.01", "--json", str(file)]
    done = python("-m", "benchmarks", *args, home=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())["workloads"]["tiny_mlp"]
    assert list(found) == ["NumPy by hand", "kbridge numpy, K.function", "kbridge numpy, train_on_batch"]
    for numbers in found.values():
        assert numbers["result"] == pytest.approx(found["NumPy by hand"]["result"], rel=1e-4)
        assert len(numbers["rounds"]) == 2 and numbers["cpu"] > 0 and numbers["wall"] > 0
    assert "goal <= 3" in done.stdout and "MISSED, 5 not measured" in done.stdout


def test_an_unknown_workload_is_named_with_those_there_are(tmp_path):
    done = python("-m", "benchmarks", "huge_mlp", home=tmp_path)
    assert done.returncode == 2 and "no such workload: huge_mlp; there are: tiny_mlp" in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--threads", "0", "a whole number of at least 1"),
        ("--threads", "two", "a whole number of at least 1"),
        ("--rounds", "-1", "a whole number of at least 1"),
        ("--seconds", "0", "a number above 0"),
        ("--seconds", "nan", "a number above 0"),
    ],
)
def test_a_bad_number_is_refused_before_anything_runs(option, value, allowed, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "tiny_mlp", option, value])
    with pytest.raises(SystemExit) as caught:
        benchmarks.main()
    assert caught.value.code == 2 and f"argument {option}: must be {allowed}, got '{value}'" in capsys.readouterr().err


def test_goals_for_two_threads_are_measured_if_nothing_is_said(monkeypatch):
    asked = []
    monkeypatch.setattr(benchmarks, "measure", lambda name, workload, args, threads, outcome: asked.append((threads, name)))
    for words, threads in (([], {1, 2}), (["lstm"], {1}), (["--threads", "2"], {2}), (["--only", "numpy"], {1})):
        monkeypatch.setattr("sys.argv", ["benchmarks", *words])
        asked.clear()
        benchmarks.main()
        assert {n for n, _ in asked} == threads
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    asked.clear()
    benchmarks.main()
    assert [name for n, name in asked if n == 1] == list(WORKLOADS)
    for name, workload in WORKLOADS.items():
        assert {g.threads for g in workload.goals} <= {1, 2} and ((2, name) in asked) == any(g.threads == 2 for g in workload.goals)


def test_each_goal_is_met_or_missed_or_not_measured(capsys):
    outcome = benchmarks.Outcome()
    found = {"a": {"cpu": 2.0, "wall": 9.0}, "b": {"cpu": 4.0, "wall": 3.0}}
    goals = [Goal("a", 0.5, "b"), Goal("a", 2.0, "b", "wall"), Goal("a", 3.0), Goal("b", 1.5, "a", over=True), Goal("a", 1.0, "c")]
    for goal in goals:
        outcome.check(goal, found, False)
    assert capsys.readouterr().out.splitlines() == [
        "met     a / b: 0.5, goal <= 0.5",
        "MISSED  a / b, wall: 3, goal <= 2",
        "met     a, cpu: 2.00, goal <= 3",
        "MISSED  b - a: 2000000.0 us, goal <= 1.5e+06",
        "not measured  a / c: goal <= 1",
    ]
    outcome.check(goals[-1], found, True)
    assert not capsys.readouterr().out
    assert str(outcome).split("\n        ") == [
        "goals: 2 met, 2 MISSED, 2 not measured",
        "a / b, wall: 3, goal <= 2",
        "b - a: 2000000.0 us, goal <= 1.5e+06",
    ]


def test_what_was_measured_is_written_though_contenders_failed(tmp_path):
    # kbridge refuses to start with this
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text("{")
    file = tmp_path / "numbers.json"
    args = ["tiny_mlp", "--only", "numpy", "--rounds", "2", "--seconds", "0.01", "--json", str(file)]
    done = python("-m", "benchmarks", *args, home=tmp_path)
    assert done.returncode == 1 and "kbridge numpy, K.function failed" in done.stderr
    written = json.loads(file.read_text())
    assert (
        list(written["workloads"]["tiny_mlp"]) == ["NumPy by hand"]
        and len(written["workloads"]["tiny_mlp"]["NumPy by hand"]["rounds"]) == 2
    )
    assert len(written["failures"]) == 2 and "keras.json" in written["failures"][0]


def traced(*lanes, samples=8, serial=0.002):
    """Events of some calls and one fork, on threads 1, 2 ...: (work, calls) of each lane."""
    from kbridge.backends.numpy.executor.trace import Event

    events = [Event("serial", "calls", 1, 0.0, serial, serial)]
    end = serial
    for i, (work, calls) in enumerate(lanes):
        events.append(Event("lane", f"conv {i}", 1 + i, serial, serial + work, work, calls))
        end = max(end, serial + work)
    return [*events, Event("fork", "conv", 1, serial, end, 0.0, 0, samples, len(lanes))]


def test_a_simulation_of_more_cores_knows_what_cannot_be_shared():
    from benchmarks.tracing import HANDOVER, LOCKED, by_thread, simulated

    events = traced((0.010, 0), (0.014, 0))
    assert simulated(events, 1) == pytest.approx(0.026)
    assert simulated(events, 2) == pytest.approx(0.002 + 0.012 + HANDOVER)
    # 8 samples on 3 cores: one has 3 of them; 16 cores have no more to do than 8 lanes
    assert simulated(events, 3) == pytest.approx(0.002 + 0.024 * 3 / 8 + HANDOVER)
    assert simulated(events, 16) == simulated(events, 8) == pytest.approx(0.002 + 0.003 + HANDOVER)
    # calls take turns at Python's lock: two lanes of them are as good as eight
    many = traced((0.010, 10_000), (0.010, 10_000))
    locked = 10_000 * LOCKED
    assert simulated(many, 2) == pytest.approx(0.002 + locked + (0.020 - 2 * locked) / 2 + HANDOVER)
    assert simulated(many, 8) == simulated(many, 2) < simulated(many, 1)
    # lanes that are two things, not parts of one: the longer one counts, on any number of cores
    two = traced((0.010, 0), (0.014, 0), samples=2)
    assert simulated(two, 1) == pytest.approx(0.026)
    assert simulated(two, 2) == simulated(two, 16) == pytest.approx(0.002 + 0.014 + HANDOVER)
    # three of them on two cores: the longest on one, the others on the other
    three = traced((0.010, 0), (0.014, 0), (0.003, 0), samples=3)
    assert simulated(three, 2) == simulated(three, 3) == simulated(three, 16) == pytest.approx(0.002 + 0.014 + HANDOVER)
    # only their own calls wait for the lock
    calls = traced((0.010, 20_000), (0.001, 1), samples=2)
    assert simulated(calls, 2) == pytest.approx(0.002 + 0.010 + HANDOVER)
    first, second = by_thread(events)
    assert first == {"work": pytest.approx(0.012), "wait": pytest.approx(0.004), "tasks": 2}
    assert second == {"work": pytest.approx(0.014), "wait": pytest.approx(0.0), "tasks": 1}


def test_a_trace_is_written_and_drawn(tmp_path):
    import xml.etree.ElementTree as ElementTree

    done = python("-m", "benchmarks", "--trace", str(tmp_path / "traces"), "resnet", "tiny_mlp", "imports", home=tmp_path)
    assert done.returncode == 1 and "no trace of imports, see above" in done.stderr and "a step of imports runs no plan" in done.stderr
    resnet, tiny = done.stdout.split("tiny_mlp:")
    assert "simulated ms on cores: 1:" in resnet and "This plan runs on one thread" in tiny, done.stdout
    for name, threads in (("resnet", {0, 1}), ("tiny_mlp", {0})):
        found = json.loads((tmp_path / "traces" / f"{name}.json").read_text())["traceEvents"]
        assert {e["ph"] for e in found} == {"X", "M"} and all(e["dur"] >= 0 for e in found if e["ph"] == "X")
        assert {e["tid"] for e in found} == threads and "updates" in {e["name"] for e in found}
        picture = ElementTree.parse(tmp_path / "traces" / f"{name}.svg").getroot()
        assert len([e for e in picture.iter() if e.tag.endswith("title")]) >= 1
        assert "0 ms" in [e.text for e in picture.iter() if e.tag.endswith("text")]


def test_a_trace_says_what_it_can_not_see():
    from benchmarks.tracing import table

    events = traced((0.010, 0), (0.014, 0))
    assert "simulated" in table(events) and "simulated" not in table(events, blas=True)
    assert "Threads of the BLAS library share the products of this plan." in table(events, blas=True)
    assert "runs on one thread" in table([e for e in events if e.kind == "serial"])


@pytest.mark.parametrize(("whole", "ticks"), [(0.9, 0.1), (1.0, 0.1), (3, 0.5), (16.7, 2), (50, 5), (51, 10), (2300, 500)])
def test_at_most_ten_ticks(whole, ticks):
    from benchmarks.tracing import between_ticks

    assert between_ticks(whole) == pytest.approx(ticks)
