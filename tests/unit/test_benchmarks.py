"""The benchmarks run, and the contenders compute the same."""

import json

import pytest
from processes import python


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
    assert "goal <= 3" in done.stdout


def test_an_unknown_workload_is_named_with_those_there_are(tmp_path):
    done = python("-m", "benchmarks", "huge_mlp", home=tmp_path)
    assert done.returncode == 2 and "no such workload: huge_mlp; there are: tiny_mlp" in done.stderr


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
    first, second = by_thread(events)
    assert first == {"work": pytest.approx(0.012), "wait": pytest.approx(0.004), "tasks": 2}
    assert second == {"work": pytest.approx(0.014), "wait": pytest.approx(0.0), "tasks": 1}


def test_a_trace_is_written_and_drawn(tmp_path):
    import xml.etree.ElementTree as ElementTree

    done = python("-m", "benchmarks", "--trace", str(tmp_path / "traces"), "--threads", "2", "tiny_mlp", home=tmp_path)
    assert done.returncode == 0 and "simulated ms on cores: 1:" in done.stdout, done.stderr
    found = json.loads((tmp_path / "traces" / "tiny_mlp.json").read_text())["traceEvents"]
    assert {e["ph"] for e in found} == {"X", "M"} and all(e["dur"] >= 0 for e in found if e["ph"] == "X")
    picture = ElementTree.parse(tmp_path / "traces" / "tiny_mlp.svg").getroot()
    assert len([e for e in picture.iter() if e.tag.endswith("title")]) >= 1
