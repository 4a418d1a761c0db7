"""The cores that the process may use: its affinity, and what control groups leave it."""

import os
from types import SimpleNamespace

import pytest

from kbridge import config, cores
from kbridge.commands import serve
from kbridge.distributed import exchange

#: (what the process's groups are, the files of groups, how many cores' time the process gets)
GROUPS = {
    "no limit": ("0::/\n", {"cpu.max": "max 100000\n"}, None),
    "a container that sees its own group only": ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
    "a group in a group": ("0::/a/b\n", {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000", "cpu.max": "900000 100000"}, 3),
    "a group outside of what is seen": ("0::/../a\n", {"cpu.max": "200000 100000", "a/cpu.max": "100000 100000"}, 2),
    "no files": ("0::/a\n", {}, None),
    "a broken file": ("0::/\n", {"cpu.max": "many"}, None),
    "a name with a colon": ("0::/a:b\n", {"a:b/cpu.max": "400000 100000"}, 4),
    "version 1": ("4:memory:/m\n3:cpu,cpuacct:/a\n", {"cpu/a/cpu.cfs_quota_us": "50000\n", "cpu/a/cpu.cfs_period_us": "100000\n"}, 0.5),
    "version 1, seen from inside": (
        "3:cpuacct,cpu:/docker/1\n",
        {"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"},
        2.5,
    ),
    "version 1, no limit": ("3:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
    "version 1, another controller": ("3:cpuset:/\n", {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, None),
}


@pytest.fixture
def group(tmp_path, monkeypatch):
    """Write the files of a process's control groups."""

    def write(groups, files):
        for name, text in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "cgroup").write_text(groups)
        monkeypatch.setattr(cores, "GROUPS", str(tmp_path / "cgroup"))
        monkeypatch.setattr(cores, "FOLDER", str(tmp_path / "groups"))

    return write


@pytest.mark.parametrize(("groups", "files", "expected"), GROUPS.values(), ids=GROUPS)
def test_the_limit_of_control_groups(groups, files, expected, group):
    group(groups, files)
    assert cores.quota(cores.GROUPS, cores.FOLDER) == expected


def test_no_more_cores_than_affinity_and_limit_allow(group, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(cores, "GROUPS", "/nowhere")
    assert cores.allowed_cores() == 8
    group("0::/\n", {"cpu.max": "250000 100000"})
    assert cores.allowed_cores() == 3
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 5})
    assert cores.allowed_cores() == 2
    for name in ("OMP_NUM_THREADS", "KBRIDGE_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert config.usable_cores() == 2


def test_workers_of_a_server_share_what_the_process_may_use(monkeypatch):
    monkeypatch.delenv("KBRIDGE_NUM_THREADS", raising=False)
    monkeypatch.setattr(serve, "allowed_cores", lambda: 6)
    assert [serve.threads_of_a_worker(workers) for workers in (1, 2, 4, 9)] == [6, 3, 1, 1]
    monkeypatch.setattr(config, "_num_threads_of_file", lambda: 5)
    assert serve.threads_of_a_worker(2) == 5
    monkeypatch.setenv("KBRIDGE_NUM_THREADS", "7")
    assert serve.threads_of_a_worker(2) == 7


def test_workers_let_each_other_work_where_they_may_use_fewer_cores(monkeypatch):
    monkeypatch.setattr(exchange, "allowed_cores", lambda: 2)
    here = SimpleNamespace(Get_rank=lambda: 0, Get_size=lambda: size, Split_type=lambda kind: here, Free=lambda: None)
    for size in (1, 2, 3):
        talk = exchange.Exchange(here, SimpleNamespace(COMM_TYPE_SHARED=0))
        talk.look_around()
        assert talk._crowded == (size > 2)
