"""What the functions of tests/data/bytecode/public.py compute, in NumPy."""

import numpy as np


def softmax(x, axis=-1):
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def unit(x, axis):
    return x / np.sqrt(np.maximum((x**2).sum(axis, keepdims=True), 1e-12))


def resized(x, rows, columns, centred=True):
    """Bilinear, by the places of the pixels' centres or, as in TensorFlow 1, of their corners."""
    for axis, count in ((1, rows), (2, columns)):
        length = x.shape[axis]
        places = (np.arange(count) + 0.5) * length / count - 0.5 if centred else np.arange(count) * length / count
        low = np.floor(places).astype(int)
        part = (places - low).reshape([-1 if a == axis else 1 for a in range(4)])
        x = x.take(np.clip(low, 0, length - 1), axis) * (1 - part) + x.take(np.clip(low + 1, 0, length - 1), axis) * part
    return x


def enlarged(x):
    return x.repeat(2, 1).repeat(2, 2)


def blocks_to_space(x):
    samples, rows, columns, channels = x.shape
    return x.reshape(samples, rows, columns, 2, 2, channels // 4).transpose(0, 1, 3, 2, 4, 5).reshape(samples, 2 * rows, 2 * columns, -1)


def squashed(x):
    norm = (x**2).sum(-1, keepdims=True) + 1e-7
    return np.sqrt(norm) / (0.5 + norm) * x


V = (6,)
S = (5, 4)
P = (6, 8, 3)

#: function -> the shape of its input (or a list of them; "classes": whole numbers), and what it computes; None for what is refused
CASES = {
    "f01": (P, lambda x: x / 127.5 - 1),
    "f02": (P, lambda x: x / 255 - 0.5),
    "f03": (P, lambda x: x[:, 2:-1, 1:5]),
    "f04": (P, lambda x: x[..., ::-1]),
    "f05": (S, lambda x: x.mean(1)),
    "f06": (P, lambda x: x.mean((1, 2), keepdims=True)),
    "f07": (S, lambda x: x.sum(1, keepdims=True)),
    "f08": (V, lambda x: unit(x, 1)),
    "f09": (V, lambda x: unit(x, -1) * 16),
    "f10": (V, lambda x: unit(x, 1)),
    "f11": (V, lambda x: unit(x, -1)),
    "f12": (S, lambda x: x[:, 0]),
    "f13": (S, lambda x: x[:, -1]),
    "f14": (V, lambda x: x[..., None]),
    "f15": (V, lambda x: x[:, None]),
    "f16": ((1, 4), lambda x: x[:, 0]),
    "f17": ([S, (3, 4)], lambda x, y: np.einsum("bij,bkj->bik", x, y)),
    "f18": ([S, (4, 2)], lambda x, y: x @ y / 2),
    "f19": (P, lambda x: enlarged(x)),
    "f20": (P, lambda x: resized(x, 4, 6)),
    "f21": ((4, 6, 3), lambda x: enlarged(x)),
    "f22": ("classes", lambda x: np.eye(5)[x.astype(int)]),
    "f23": ("classes", lambda x: np.eye(5)[x.astype(int)]),
    "f24": (V, lambda x: np.split(x, 3, 1)),
    "f25": (V, lambda x: np.split(x, [1, 3], 1)),
    "f26": (V, lambda x: (x - 0.5) / 0.25),
    "f27": ((2, 3), lambda x: x.reshape(-1, 6)),
    "f28": (V, lambda x: x * 2 + 2),
    "f29": (V, softmax),
    "f30": (V, lambda x: np.where(x > 0, x, 0.1 * x)),
    "f31": (V, lambda x: np.maximum(x, 0)),
    "f32": (V, lambda x: np.log1p(abs(x))),
    "f33": (S, lambda x: x.mean(1, keepdims=True)),
    "f34": (V, lambda x: 1 / (1 + np.exp(-x)) * x),
    "f35": (V, lambda x: x * 2 + np.pi),
    "f36": (V, lambda x: x / np.sqrt(2)),
    "f37": (V, lambda x: (x - np.arange(1, 7)) / np.array([2, 2, 2, 2, 2, 4.0])),
    "f38": (S, lambda x: np.concatenate([x.mean(1), x.max(1)], -1)),
    "f39": (V, lambda x: np.stack([x, 2 * x], 1)),
    "f40": (V, lambda x: x.repeat(3, 1)),
    "f41": (V, lambda x: np.tile(x, (1, 2))),
    "f42": (S, lambda x: x.transpose(0, 2, 1)),
    "f43": (S, lambda x: x[:, ::-1]),
    "f44": ([V, V], lambda x, y: np.exp(-abs(x - y).sum(1, keepdims=True))),
    "f45": ([V, V], lambda x, y: x * y),
    "f46": (V, lambda x: np.clip(x, 0, 1)),
    "f47": (V, lambda x: np.clip(x, -0.5, 0.5)),
    "f48": (V, lambda x: x[[0, 1]][:, :2]),
    "f49": (V, lambda x: x**2),
    "f50": (S, lambda x: x.max(-1)),
    "f51": (V, lambda x: softmax(x / 0.5)),
    "f52": (S, lambda x: x.transpose(0, 2, 1)),
    "f53": (V, lambda x: np.concatenate([x[:, :2], x[:, 4:]], -1)),
    "f54": (V, lambda x: x.reshape(-1, 2, 3)),
    "f55": (V, lambda x: x),
    "f56": (V, lambda x: x.reshape(-1, 3, 2)),
    "f57": (P, lambda x: np.pad(x, [(0, 0), (1, 1), (2, 2), (0, 0)], "reflect")),
    "f58": (V, lambda x: np.clip(x + 3, 0, 6) / 6),
    "f59": (V, lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    "f60": (V, lambda x: x.var(-1, keepdims=True)),
    "f61": (S, lambda x: x.std(1)),
    "f62": (S, lambda x: x.argmax(-1)),
    "f63": (V, lambda x: 1 - x),
    "f64": (V, lambda x: -(x**2) + 1),
    "f65": None,
    "f66": (V, lambda x: (x > 0.5) * 1.0),
    "f67": (V, lambda x: (x > 0.5) * 1.0),
    "f68": (V, lambda x: np.sqrt((x**2).sum(-1) + 1e-7)),
    "f69": (V, lambda x: np.sqrt((x**2).sum(-1))),
    "f70": ((2, 3, 8), blocks_to_space),
    "f71": (P, lambda x: x @ np.array([[0.2989], [0.587], [0.114]])),
    "f72": (P, lambda x: x[:, :, ::-1]),
    "f73": ((3, 4), lambda x: [x[:, i] for i in range(3)]),
    "f74": (V, lambda x: -np.sort(-x, -1)[:, :2]),
    "f75": (V, lambda x: x.cumsum(1)),
    "f76": None,
    "f77": (V, lambda x: x @ np.ones((6, 2))),
    "f78": ([S, (3, 4)], lambda x, y: np.einsum("bij,bkj->bik", x, y)),
    "f79": ([S, (3, 4)], lambda x, y: x @ y.transpose(0, 2, 1)),
    "f80": (V, lambda x: np.ones_like(x)),
    "g01": (P, lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68])),
    "g02": ([V, V], lambda x, y: x),
    "g03": ([V, V], lambda x, y: np.sqrt(np.maximum(((x - y) ** 2).sum(1, keepdims=True), 1e-7))),
    "g04": (P, lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68])),
    "g05": ([V, V], lambda x, y: (x * y).sum(-1, keepdims=True) / np.sqrt((x**2).sum(-1, keepdims=True) * (y**2).sum(-1, keepdims=True))),
    "g06": (S, squashed),
    "g07": None,
    "g08": ([S, S, S], lambda q, k, v: softmax(q @ k.transpose(0, 2, 1) / 2) @ v),
    "g09": (P, lambda x: resized(x, 4, 6, False) / 255),
    "g10": (V, lambda x: x[:, :3].mean(-1, keepdims=True) - x[:, 3:].max(-1, keepdims=True)),
    "g11": (P, lambda x: (x @ np.array([0.299, 0.587, 0.114]))[..., None]),
    "g12": (P, lambda x: x.reshape(len(x), -1)),
    "g13": ([(1,), V], lambda v, a: v + a - a.mean(1, keepdims=True)),
    "g14": (V, lambda x: x[:, :1] + x[:, 1:] - x[:, 1:].mean(1, keepdims=True)),
    "g15": (V, lambda x: np.maximum(0.1 * x, x)),
    "g16": (V, lambda x: (x - 0.5) * 2),
    "g17": None,
    "g18": (
        V,
        lambda x: np.clip(0.2 * x + 0.5, 0, 1) + np.where(x > 0, x, 0.5 * np.expm1(x)) + np.sign(x) + np.round(x) + np.log(abs(x) + 1),
    ),
    "g19": ([V, V], lambda x, y: (x + y) / 2 - 1 + 3),
    "g20": None,
    "g21": (V, lambda x: 6 * x + 3),
    "g22": (V, lambda x: -np.sort(-x, -1)[:, :3]),
    "g23": (V, lambda x: np.pad(x, [(0, 0), (2, 1)])),
    "g24": (P, lambda x: x.reshape(-1, 3, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 3, 4, 12)),
    "g25": (P, lambda x: np.pad(x[:, 1:5], [(0, 0), (0, 0), (1, 1), (0, 0)])),
    "g26": (P, lambda x: x / 127.5 - 1),
    "g27": (P, lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68])),
    "g28": (V, lambda x: x.sum(-1, keepdims=True) + 0.5 * x[:, :2]),
}
