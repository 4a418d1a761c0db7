"""One op with its gradient: a convolution, a pooling and a recurrent loop, as functions of ``kbridge.backend`` and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..contender import Contender, Step, Workload
from .contenders import glorot, on_backends

IMAGES, KERNEL = (32, 28, 28, 16), (3, 3, 16, 32)
SEQUENCES, UNITS = (32, 50, 64), 128


def images() -> tuple[np.ndarray, np.ndarray]:
    """(images with the channels last, a kernel)."""
    random = np.random.default_rng(0)
    return random.standard_normal(IMAGES).astype("float32"), glorot(random, *KERNEL)


def sequences() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(sequences, W, U)."""
    random = np.random.default_rng(0)
    return random.standard_normal(SEQUENCES).astype("float32"), glorot(random, SEQUENCES[2], UNITS), glorot(random, UNITS, UNITS)


def _with_gradients(arrays: tuple[np.ndarray, ...], result: Callable[..., Any]) -> Step:
    """The sum of the squares of a K expression, and its gradients with respect to all arrays."""
    from kbridge import backend as K

    inputs = [K.placeholder(a.shape) for a in arrays]
    loss = K.sum(K.square(result(K, *inputs)))
    function = K.function(inputs, [loss, *K.gradients(loss, inputs)])
    values = list(arrays)
    return lambda: float(function(values)[0])


def _in_torch(arrays: tuple[np.ndarray, ...], result: Callable[..., Any]) -> Step:
    """The same in PyTorch."""
    import torch

    inputs = [torch.from_numpy(np.ascontiguousarray(a)).requires_grad_() for a in arrays]

    def step() -> float:
        loss = result(torch, *inputs).square().sum()
        torch.autograd.grad(loss, inputs)
        return loss.item()

    return step


def conv_kbridge() -> Step:
    return _with_gradients(images(), lambda K, x, k: K.conv2d(x, k, border_mode="same", dim_ordering="tf"))


def conv_torch() -> Step:
    x, kernel = images()
    arrays = x.transpose(0, 3, 1, 2), kernel.transpose(3, 2, 0, 1)
    return _in_torch(arrays, lambda torch, x, k: torch.nn.functional.conv2d(x, k, padding="same"))


def pool_kbridge() -> Step:
    return _with_gradients(images()[:1], lambda K, x: K.pool2d(x, (2, 2), strides=(2, 2), dim_ordering="tf"))


def pool_torch() -> Step:
    return _in_torch((images()[0].transpose(0, 3, 1, 2),), lambda torch, x: torch.nn.functional.max_pool2d(x, 2))


def rnn_kbridge() -> Step:
    def last(K: Any, x: Any, W: Any, U: Any) -> Any:
        def step(x_t: Any, states: list) -> tuple:
            h = K.tanh(x_t + K.dot(states[0], U))
            return h, [h]

        steps = K.reshape(K.dot(x, W), (SEQUENCES[0], SEQUENCES[1], UNITS))
        return K.rnn(step, steps, [K.zeros((SEQUENCES[0], UNITS))])[0]

    return _with_gradients(sequences(), last)


def rnn_torch() -> Step:
    def last(torch: Any, x: Any, W: Any, U: Any) -> Any:
        h, steps = torch.zeros(SEQUENCES[0], UNITS), x @ W
        for t in range(SEQUENCES[1]):
            h = torch.tanh(steps[:, t] + h @ U)
        return h

    return _in_torch(sequences(), last)


def _workload(title: str, kbridge: Callable[[], Step], pytorch: Callable[[], Step]) -> Workload:
    return Workload(
        title=f"{title}, with the gradients of all inputs",
        contenders=[Contender("PyTorch eager", pytorch, ("torch",)), *on_backends("K.function", kbridge)],
        against=("PyTorch eager",),
        tolerance=1e-3,
    )


WORKLOADS = {
    "conv": _workload("conv2d: 32 images of 28x28x16, 32 kernels of 3x3, 'same'", conv_kbridge, conv_torch),
    "pool": _workload("pool2d: max of 2x2, 32 images of 28x28x16", pool_kbridge, pool_torch),
    "rnn": _workload("rnn: tanh, 128 units over 50 x 64, batch 32, a loop of steps", rnn_kbridge, rnn_torch),
}
