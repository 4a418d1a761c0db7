"""Connectionist temporal classification. References try every alignment, one by one."""

from itertools import groupby, product

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error, probabilities

P = In((2, 4, 3), fill=probabilities)
LENGTHS = In(values=[[4], [3]], dtype="int32")
ONE = In((5, 3), fill=probabilities)


def scaled(p):
    p = p + 1e-8
    return p / p.sum(axis=-1, keepdims=True)


def collapsed(path, blank):
    """Repeats removed, then blanks."""
    return tuple(k for k, _ in groupby(path) if k != blank)


def labellings(p):
    """The probability of every labelling of one sample (time, classes)."""
    found: dict[tuple[int, ...], float] = {}
    for path in product(range(p.shape[1]), repeat=len(p)):
        labels = collapsed(path, p.shape[1] - 1)
        found[labels] = found.get(labels, 0.0) + np.prod(p[range(len(p)), path])
    return found


def batch_cost(y_true, y_pred, input_length, label_length):
    cost = np.empty((len(y_true), 1))
    for i, (labels, p) in enumerate(zip(y_true, scaled(y_pred))):
        steps, n = int(np.ravel(input_length)[i]), int(np.ravel(label_length)[i])
        cost[i] = -np.log(labellings(p[:steps]).get(tuple(int(k) for k in labels[:n]), 0.0))
    return cost


def filled_up(rows):
    longest = max((len(r) for r in rows), default=0)
    return np.array([[*r, *[-1] * (longest - len(r))] for r in rows], dtype="int64").reshape(len(rows), longest)


def decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    steps = [int(n) for n in np.ravel(input_length)]
    if greedy:
        logs = np.log(y_pred + 1e-8)
        best = [collapsed(p[:n].argmax(axis=-1), y_pred.shape[-1] - 1) for p, n in zip(logs, steps)]
        score = [[-p[:n].max(axis=-1).sum()] for p, n in zip(logs, steps)]
        return filled_up(best), np.array(score).reshape(len(best), 1)
    ranked = [sorted(labellings(p[:n]).items(), key=lambda item: -item[1]) for p, n in zip(scaled(y_pred), steps)]
    paths = [filled_up([r[i][0] for r in ranked]) for i in range(top_paths)]
    return *paths, np.log([[r[i][1] for i in range(top_paths)] for r in ranked]).reshape(len(ranked), top_paths)


def dense_to_sparse(labels, label_lengths):
    at = [(i, j) for i, n in enumerate(np.ravel(label_lengths)) for j in range(int(n))]
    values = np.array([labels[i, j] for i, j in at], dtype=labels.dtype)
    return np.array(at, "int64").reshape(-1, 2), values, np.array(labels.shape, "int64")


def call_dense_to_sparse(K, labels, label_lengths):
    sparse = K.ctc_label_dense_to_sparse(labels, label_lengths)
    return sparse.indices, sparse.values, sparse.dense_shape


def with_blanks(labels):
    return np.array([-1, *[k for label in labels for k in (label, -1)]], dtype=labels.dtype)


def skip_indices(with_blanks):
    return np.array([i for i in range(1, len(with_blanks) - 2, 2) if with_blanks[i] != with_blanks[i + 2]], "int32")


def paths_through(n, skips, steps):
    """All sequences of ``steps`` positions among ``n`` that CTC allows."""
    for path in product(range(n), repeat=steps):
        starts_and_ends = path[0] in (0, 1) and path[-1] in (n - 1, n - 2)
        moves = all(b - a in (0, 1) or (b - a == 2 and a in skips) for a, b in zip(path, path[1:]))
        if starts_and_ends and moves:
            yield path


def path_probs(predict, Y, alpha=1e-4):
    p = (1.0 - alpha) * predict[:, Y] + alpha / len(Y)
    total = np.zeros(p.shape)
    for path in paths_through(len(Y), set(skip_indices(Y)), len(p)):
        at = (range(len(p)), path)
        total[at] += np.prod(p[at])
    with np.errstate(all="ignore"):
        return np.where(total > 0, np.log(total), 0.0), total > 0


def update_log_p(skip_idxs, zeros, active, log_p_curr, log_p_prev):
    """Position by position, over those reached so far."""
    active = int(active)
    ahead = [s + 3 for s in skip_idxs if s < active]
    active_next = min(max([active + 1, *ahead]), len(zeros))
    result = zeros.copy()
    for s in range(active_next):
        sources = [t for t in (s, s - 1) if 0 <= t < active] + [s - 2 for t in skip_idxs if t == s - 2 and t < active]
        with np.errstate(all="ignore"):
            result[s] = log_p_curr[s] + np.log(sum(np.exp(log_p_prev[t]) for t in sources))
    return np.array(active_next, "int32"), result


def does_not_fit(K):
    """More labels than time: infinitely unlikely, with a gradient of 0."""
    p = K.variable(probabilities(np.random.RandomState(0), (1, 2, 3)))
    cost = K.ctc_batch_cost(K.constant(np.array([[0, 1, 0]])), p, K.constant(np.array([[2]])), K.constant(np.array([[3]])))
    expect(K.eval(cost), np.array([[np.inf]]), "cost")


def beam_too_narrow(K):
    p = K.placeholder((None, 4, 3))
    n = K.placeholder((None,), dtype="int32")
    expect_error(ValueError, ("3", "2"), lambda: K.ctc_decode(p, n, greedy=False, beam_width=2, top_paths=3))


def doubled(K):
    x = K.placeholder((None, 2))
    y = K.host_call(lambda a: a * 2.0, [x], K.floatx(), lambda shape: shape)
    expect(K.int_shape(y), (None, 2), "static shape")
    expect(K.function([x], [y + 1.0])([np.ones((3, 2))])[0], np.full((3, 2), 3.0), "value")
    expect(K.gradients(K.sum(y), [x])[0] is None, True, "no gradient")


OPS = [
    Op(
        "ctc_batch_cost",
        batch_cost,
        (
            Case((In(values=[[0, 1], [1, 0]], dtype="int32"), P, LENGTHS, In(values=[[2], [1]], dtype="int32"))),
            Case(
                (In(values=[[0, 0], [1, 1]], dtype="int32"), P, LENGTHS, In(values=[[2], [2]], dtype="int32")),
                note="repeated labels",
            ),
            Case(
                (In(values=[[0.0, 1.0], [1.0, 0.0]]), P, LENGTHS, In(values=[[2], [0]], dtype="int32")),
                grad=(1,),
                note="labels as floats; no label at all",
            ),
        ),
        checks(does_not_fit),
        rtol=2e-5,
    ),
    Op(
        "ctc_decode",
        decode,
        (
            Case((P, In(values=[4, 3], dtype="int32")), {"greedy": True}, grad=(), static=False, empty=False),
            Case((In((3, 6, 4), fill=probabilities), In(values=[6, 5, 1], dtype="int32")), grad=(), static=False, empty=False),
            Case(
                (P, In(values=[4, 3], dtype="int32")),
                {"greedy": False, "beam_width": 50, "top_paths": 2},
                grad=(),
                static=False,
                empty=False,
            ),
        ),
        checks(beam_too_narrow),
        gradient=False,
    ),
    Op(
        "ctc_label_dense_to_sparse",
        dense_to_sparse,
        (
            Case(
                (In(values=[[1, 2, 3], [4, 0, 0]], dtype="int32"), In(values=[3, 1], dtype="int32")),
                static=False,
                empty=False,
            ),
            Case(
                (In(values=[[1, 2], [4, 5], [6, 7]], dtype="int32"), In(values=[0, 2, 1], dtype="int32")),
                static=False,
                empty=False,
            ),
        ),
        call=call_dense_to_sparse,
        gradient=False,
    ),
    Op(
        "ctc_cost",
        lambda predict, Y: np.float64(batch_cost(Y[None], predict[None], [len(predict)], [len(Y)])[0, 0]),
        (
            Case((In((4, 3), kind="fixed", fill=probabilities), In(values=[0, 1], dtype="int32", kind="fixed"))),
            Case((ONE, In(values=[1, 1], dtype="int32")), empty=False, note="lengths unknown until a call"),
        ),
        rtol=2e-5,
    ),
    Op(
        "ctc_interleave_blanks",
        with_blanks,
        (Case((In(values=[2, 0, 1], dtype="int32", kind="fixed"),)), Case((In(values=[2, 2], dtype="int32"),), empty=False)),
        gradient=False,
    ),
    Op(
        "ctc_create_skip_idxs",
        skip_indices,
        (Case((In(values=[-1, 0, -1, 1, -1, 1, -1, 2, -1], dtype="int32"),), static=False, empty=False),),
        gradient=False,
    ),
    Op(
        "ctc_path_probs",
        path_probs,
        (
            Case(
                (In((4, 3), kind="fixed", fill=probabilities), In(values=[-1, 0, -1, 1, -1], dtype="int32", kind="fixed")),
                grad=(),
            ),
            Case(
                (In((5, 3), kind="fixed", fill=probabilities), In(values=[-1, 1, -1, 1, -1], dtype="int32", kind="fixed")),
                grad=(),
                note="no jump between equal labels",
            ),
        ),
        gradient=False,
    ),
    Op(
        "ctc_update_log_p",
        update_log_p,
        tuple(
            Case(
                (
                    In(values=[1, 3], dtype="int32", kind="fixed"),
                    In(values=[0.0] * 7, kind="fixed"),
                    In((), values=active, dtype="int32", kind="fixed"),
                    In((7,), -3.0, -0.1, kind="fixed"),
                    In((7,), -3.0, -0.1, kind="fixed"),
                ),
                grad=(),
            )
            for active in (1, 2, 4, 7)
        ),
        gradient=False,
    ),
    Op("host_call", checks=checks(doubled), gradient=False, note="NumPy code on the values of tensors"),
]
