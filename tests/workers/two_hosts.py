"""Two hosts on this machine: network namespaces that are joined by a pair of virtual Ethernet devices, and by nothing else.

The namespaces, their devices and their addresses (of the block that is reserved for tests of networks) are made here and
removed again. No address outside of them can be reached from inside.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .comparison import ROOT, environment, launcher

#: RFC 2544: for tests of networks, never routed
ADDRESSES = ("198.18.77.1", "198.18.77.2")

#: how mpiexec reaches a host: its arguments are options, the host's address, and the command
REACH = """#!/bin/sh
while [ "${{1#-}}" != "$1" ]; do shift; done
host=$1; shift
case $host in {first}) name={names[0]};; {second}) name={names[1]};; *) echo "no host $host" >&2; exit 1;; esac
exec ip netns exec $name unshare --uts --ipc --mount sh -c 'hostname '$name'; mount -t tmpfs none /dev/shm; exec "$@"' sh sh -c "$*"
"""


def impossible() -> str | None:
    """Why namespaces can't be made here, None where they can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    for tool in ("ip", "unshare", "mount"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    name = f"kbt{os.getpid()}"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if done.returncode:
        return f"a network namespace can't be made: {done.stderr.strip()}"
    tried = subprocess.run(["ip", "netns", "exec", name, "unshare", "--uts", "--ipc", "--mount", "mount", "-t", "tmpfs", "none", "/dev/shm"], capture_output=True)  # fmt: skip  # noqa: E501
    subprocess.run(["ip", "netns", "del", name], check=False)
    return None if tried.returncode == 0 else f"a host of its own can't be made: {tried.stderr.decode().strip()}"


@contextlib.contextmanager
def joined() -> Iterator[tuple[str, str]]:
    """The names of two namespaces that are joined by a link."""
    names = f"kba{os.getpid()}", f"kbb{os.getpid()}"
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", names[0], "link", "add", "host0", "type", "veth", "peer", "name", "host1", "netns", names[1])
        for name, device, address in zip(names, ("host0", "host1"), ADDRESSES, strict=True):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")
        for name, device in zip(names, ("host0", "host1"), strict=True):
            wait_for(name, device)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def wait_for(name: str, device: str, seconds: float = 20) -> None:
    """Wait until a device is up and its addresses are its own: until then MPI finds that the other host can't be reached."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        shown = ip("-n", name, "addr", "show", "dev", device)
        if "state UP" in shown and "inet6" in shown and "tentative" not in shown:
            return
        time.sleep(0.1)


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def bytes_sent(name: str, device: str) -> int:
    return int(subprocess.run(["ip", "netns", "exec", name, "cat", f"/sys/class/net/{device}/statistics/tx_bytes"], check=True, capture_output=True, text=True).stdout)  # fmt: skip  # noqa: E501


def train(names: tuple[str, str], folder: Path, program: list[str], limit: float = 120) -> subprocess.CompletedProcess:
    """Run a program on two workers, one on each host, as a cluster's user would."""
    reach = folder / "reach"
    reach.write_text(REACH.format(first=ADDRESSES[0], second=ADDRESSES[1], names=names))
    reach.chmod(reach.stat().st_mode | stat.S_IXUSR)
    command = ["ip", "netns", "exec", names[0], str(launcher()), "-launcher", "ssh", "-launcher-exec", str(reach)]
    command += ["-localhost", ADDRESSES[0], "-hosts", ",".join(ADDRESSES), "-n", "2", "-ppn", "1"]
    command += [sys.executable, "-m", "kbridge", "run", "--distributed", *program]
    env = environment("numpy", OF_WORKERS="2")
    return subprocess.run(command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit)
