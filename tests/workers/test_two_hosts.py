"""Workers on two hosts train over a link, and give the numbers of one process."""

import numpy as np
import pytest

from workers import two_hosts
from workers.comparison import TRAIN, train, worst
from workers.matrix import LIMITS

pytestmark = pytest.mark.skipif("os.environ.get('KBRIDGE_BACKEND', 'numpy') != 'numpy'", reason="the same on all backends: tried on numpy")


def test_two_hosts_train_over_their_link(tmp_path):
    why = two_hosts.impossible()
    if why:
        pytest.skip(why)
    path = tmp_path / "trained.npz"
    with two_hosts.joined() as names:
        before = two_hosts.bytes_sent(names[0], "host0"), two_hosts.bytes_sent(names[1], "host1")
        done = two_hosts.train(names, tmp_path, [str(TRAIN), str(path), "weighted_mlp", "penalties"])
        assert done.returncode == 0, done.stderr
        crossed = [
            two_hosts.bytes_sent(name, device) - earlier for name, device, earlier in zip(names, ("host0", "host1"), before, strict=True)
        ]
    with np.load(path) as file:
        found = dict(file)
    assert found.pop("workers") == 2
    # 73 and 37 weights as float32 in some 40 steps, each way
    assert min(crossed) > 10_000, crossed
    reference = train(0, ["weighted_mlp", "penalties"], tmp_path, backend="numpy")
    assert all(difference <= LIMITS["float32"] for difference, _ in worst(reference, found).values())
