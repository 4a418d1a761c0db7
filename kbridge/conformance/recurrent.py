"""Loops over time and over elements."""

from itertools import product

import numpy as np

from .spec import Case, In, Op, checks, expect, expect_error

X = In((2, 4, 3))
H = In((2, 5))
W = In((3, 5), -0.5, 0.5, kind="variable")
U = In((5, 5), -0.5, 0.5, kind="variable")
MASK = In(values=[[1, 1, 1, 0], [0, 1, 0, 1]], dtype="bool")
UNKNOWN_LENGTH = In((2, 4, 3), kind="unknown")


def run_rnn(x, w, u, h, constants=None, mask=None, go_backwards=False, unroll=False, **_):
    """One sample and one step at a time."""
    h = np.broadcast_to(h, (len(x), *h.shape[1:])).copy()
    states = [h.copy(), np.zeros_like(h)]
    output = np.zeros_like(h) if unroll else h.copy()
    order = range(x.shape[1])[::-1] if go_backwards else range(x.shape[1])
    outputs = []
    for t in order:
        new = np.tanh(x[:, t] @ w + states[0] @ u + (0.0 if constants is None else constants))
        count = states[1] + new * new
        keep = np.ones(len(x), bool) if mask is None else mask.reshape(mask.shape[:2])[:, t] != 0
        keep = keep.reshape((-1,) + (1,) * (new.ndim - 1))
        output = np.where(keep, new, output)
        states = [np.where(keep, new, states[0]), np.where(keep, count, states[1])]
        outputs.append(output)
    return output, np.stack(outputs, axis=1), states[0], states[1]


def call_rnn(K, x, w, u, h, constants=None, mask=None, **kwargs):
    """A simple recurrent step with two states: the output, and a running sum of its squares."""

    def step(x_t, states):
        new = K.dot(x_t, w) + K.dot(states[0], u)
        if constants is not None:
            new = new + states[2]
        new = K.tanh(new)
        return new, [new, states[1] + new * new]

    last, outputs, states = K.rnn(step, x, [h, K.zeros_like(h)], mask=mask, constants=None if constants is None else [constants], **kwargs)
    return last, outputs, *states


def rnn_cases(**form):
    return tuple(
        Case((X, W, U, H), {**form, "go_backwards": backwards, **({"mask": mask} if mask is not None else {})})
        for backwards in (False, True)
        for mask in (None, MASK)
    )


def narrower_output(K):
    """Outputs of another shape than the state: zeros stand before the first unmasked step."""
    x, mask = K.placeholder((None, 3, 2)), K.placeholder((None, 3), dtype="bool")
    state = K.zeros_like(x[:, 0, :])
    _, outputs, _ = K.rnn(lambda x_t, s: (K.sum(x_t, axis=1, keepdims=True), [s[0] + x_t]), x, [state + 1.0], mask=mask)
    values = np.arange(6.0).reshape(1, 3, 2)
    got = K.function([x, mask], [outputs])([values, np.array([[False, True, False]])])[0]
    expect(got, np.array([[[0.0], [5.0], [5.0]]]), "outputs")


def one_function_many_lengths(K):
    """An unknown length may differ from call to call."""
    x = K.placeholder((None, None, 2))
    last, outputs, _ = K.rnn(lambda x_t, s: (s[0] + x_t, [s[0] + x_t]), x, [K.zeros_like(x[:, 0, :])])
    f = K.function([x], [last, outputs])
    for length in (1, 4, 2):
        values = np.arange(2.0 * length * 3).reshape(3, length, 2)
        got = f([values])
        expect(got[0], values.sum(axis=1), f"last output, length {length}")
        expect(got[1], np.cumsum(values, axis=1), f"outputs, length {length}")


def unroll_needs_a_length(K):
    x = K.placeholder((None, None, 2))
    expect_error((ValueError,), ("unroll",), lambda: K.rnn(lambda x_t, s: (x_t, s), x, [K.zeros_like(x[:, 0, :])], unroll=True))


def no_time_steps_are_refused(K):
    """A length of 0 is an error that shows the shape, whether it is known or comes with the values; no samples are fine."""
    words = ("K.rnn needs at least one time step", "(2, 0, 3)")
    x = K.placeholder((2, 0, 3))
    expect_error((ValueError,), words, lambda: K.rnn(lambda x_t, s: (x_t, []), x, []))
    x, mask = K.placeholder((None, None, 3)), K.placeholder((None, None))
    for feeds in ([x], [x, mask]):
        _, outputs, states = K.rnn(
            lambda x_t, s: (x_t[:, :1], [s[0] + x_t]), x, [K.zeros_like(K.sum(x, axis=1))], mask=mask if mask in feeds else None
        )
        f = K.function(feeds, [outputs, states[0]])
        no_steps, no_samples = [[np.ones((*n, 3)), np.ones(n)][: len(feeds)] for n in ((2, 0), (0, 4))]
        expect_error((ValueError,), words, lambda f=f, values=no_steps: f(values))
        expect(f(no_samples)[1].shape, (0, 3), "shape of no samples' states")
    final = K.rnn(lambda x_t, s: (x_t, [s[0] + 1.0]), x, [K.variable(np.zeros((2, 3)))])[2][0]
    slope = K.gradients(K.sum(K.rnn(lambda x_t, s: (x_t * x_t, []), x, [])[1]), [x])[0]
    for result in (final, slope):
        f = K.function([x], [result])
        expect_error((ValueError,), words, lambda f=f: f([np.ones((2, 0, 3))]))


def no_states(K):
    x = K.placeholder((None, 3, 2))
    _, outputs, states = K.rnn(lambda x_t, s: (x_t * 2.0, []), x, [])
    values = np.arange(12.0).reshape(2, 3, 2)
    expect(K.function([x], [outputs])([values])[0], values * 2.0, "outputs")
    expect(len(states), 0, "number of states")


def static_shapes(K):
    x = K.placeholder((None, 3, 2))
    w = K.variable(np.ones((2, 5)))
    last, outputs, _ = K.rnn(lambda x_t, s: (K.dot(x_t, w), []), x, [])
    expect(K.int_shape(last), (None, 5), "last output")
    expect(K.int_shape(outputs), (None, 3, 5), "outputs")


def tensors_that_depend_on_each_other(K):
    """A loop may capture a tensor and another one that is computed from it: each way counts once in the gradient."""
    w = K.variable(2.0)
    c = w * w
    y = K.foldl(lambda a, e: a + e * w + c, K.variable([1.0, 1.0, 1.0]), K.zeros(()))
    expect(K.get_value(y), 3 * (2.0 + 4.0), "sum")
    expect(K.get_value(K.gradients(y, [w])[0]), 3 * (1.0 + 2 * 2.0), "gradient")
    # the step's own output is what it captured
    outputs = K.map_fn(lambda e: c, K.variable(np.ones(4)))
    expect(K.get_value(K.gradients(K.sum(outputs) + K.sum(c * w), [w])[0]), 4 * 2 * 2.0 + 3 * 2.0**2, "gradient of what goes through")


def starts_are_widened(K):
    """A state's start is broadcast and cast to what the turns make of it."""
    x, w = np.arange(12.0).reshape(2, 3, 2), np.array([0.5, -1.0])
    # by hand from states of ones: the states, and the final one's slopes for the start and for w
    state, for_start, for_w, every = np.ones((2, 2)), np.ones((2, 2)), np.zeros((2, 2)), []
    for t in range(3):
        for_start, for_w, state = for_start * w, for_w * w + state, state * w + x[:, t]
        every.append(state)
    weights, floatx = K.variable(w), K.floatx()

    def step(x_t, states):
        new = K.cast(states[0], floatx) * weights + x_t
        return new, [new]

    starts = (((1, 2), floatx), ((2,), floatx), ((), floatx), ((1, 1), "int32"), ((2, 2), "bool"))
    for unroll, (shape, dtype) in product((False, True), starts):
        what = f"start of shape {shape} and dtype {dtype}, unroll={unroll}:"
        start = K.variable(np.ones(shape), dtype=dtype)
        _, outputs, (final,) = K.rnn(step, K.variable(x), [start], unroll=unroll)
        expect(K.get_value(outputs), np.stack(every, 1), f"{what} outputs")
        expect((K.dtype(final), K.int_shape(final)), (floatx, (2, 2)), f"{what} final state")
        expect(K.get_value(K.gradients(K.sum(final), [weights])[0]), for_w.sum(axis=0), f"{what} slope of the weights")
        if dtype == floatx:
            summed = for_start.sum(axis=tuple(range(2 - len(shape)))) if len(shape) < 2 else for_start.sum(axis=0, keepdims=True)
            expect(K.get_value(K.gradients(K.sum(final), [start])[0]), summed, f"{what} slope of the start")


def states_keep_their_shape(K):
    x = K.variable(np.ones((3, 2)))
    for change in (lambda a: K.concatenate([a, a]), lambda a: K.sum(a, keepdims=True)):
        for fold in (K.foldl, K.foldr):
            expect_error(
                (ValueError,), ("the state has shape (2,)", "loop-states"), lambda f=fold, c=change: f(lambda a, e: c(a), x, K.zeros((2,)))
            )
    expect_error((ValueError,), ("grows in every turn", "loop-states"), lambda: K.foldl(lambda a, e: K.expand_dims(a, 0), x, K.zeros((2,))))
    steps = K.variable(np.ones((2, 3, 2)))
    for unroll in (False, True):
        expect_error(
            (ValueError,),
            ("K.rnn", "state 1", "(2, 2)", "(2, 1)"),
            lambda u=unroll: K.rnn(lambda x_t, s: (x_t, [s[0], x_t[:, :1]]), steps, [steps[:, 0], steps[:, 0]], unroll=u),
        )
        expect_error(
            (ValueError,), ("1 initial states", "returns 2"), lambda u=unroll: K.rnn(lambda x_t, s: (x_t, [x_t, x_t]), steps, [x], unroll=u)
        )


def what_never_meets_keeps_its_samples(K):
    """A state or an output that doesn't meet the others has its own number of samples, where only a call knows how many they are."""
    for unroll, others in product((False, True), (False, True)):
        x, a = K.placeholder((None, 3, 2)), K.placeholder((None, 2))
        extra = [K.zeros_like(x[:, 0, :])] if others else []
        last, outputs, states = K.rnn(lambda x_t, s: (x_t * 2.0, [s[0] * 0.5, *(o + x_t for o in s[1:])]), x, [a, *extra], unroll=unroll)
        loss = K.sum(outputs) + K.sum(K.square(states[0]))
        f = K.function([x, a], [last, outputs, *states, *K.gradients(loss, [x, a])])
        for of_x, of_a in ((3, 1), (1, 3), (3, 3)):
            xs, starts = np.arange(6.0 * of_x).reshape(of_x, 3, 2), 1.0 + np.arange(2.0 * of_a).reshape(of_a, 2)
            sums = [xs.sum(axis=1)] if others else []
            right = [2.0 * xs[:, -1], 2.0 * xs, starts / 8, *sums, np.full_like(xs, 2.0), starts / 32]
            for number, (got, wanted) in enumerate(zip(f([xs, starts]), right)):
                expect(got, wanted, f"result {number} of {of_x} and {of_a} samples, unroll={unroll}:")


def states_become_others(K):
    """The new value of a state may be what another one was, or a tensor from outside of the loop."""
    rng = np.random.RandomState(0)
    x, a, b, c = (rng.uniform(-1, 1, shape) for shape in ((2, 4, 3), (2, 3), (2, 3), (2, 3)))
    tensors = [K.variable(v) for v in (x, a, b, c)]
    for unroll in (False, True):
        last, outputs, states = K.rnn(lambda x_t, s: (s[1], [s[1], tensors[3]]), tensors[0], tensors[1:3], unroll=unroll)
        expect(K.get_value(outputs), np.stack([b, c, c, c], 1), f"outputs, unroll={unroll}")
        expect(K.get_value(states[0]), c, f"final state, unroll={unroll}")
        slopes = K.gradients(K.sum(K.square(last)) + K.sum(outputs), tensors[2:])
        for name, slope, wanted in zip("bc", slopes, (np.ones_like(b), 3.0 + 2.0 * c)):
            expect(K.get_value(slope), wanted, f"slope of {name}, unroll={unroll}")
        _, outputs, _ = K.rnn(
            lambda x_t, s: (s[1] * x_t, [s[1], s[1] * 0.5 + K.sum(x_t)]), tensors[0], tensors[1:3], unroll=unroll
        )  # fmt: skip
        # by hand: what the second state is, and what the sum of a step counts in those after it
        before, counts = [b], []
        for t in range(4):
            before.append(before[-1] * 0.5 + x[:, t].sum())
            counts.append(sum(0.5 ** (u - t - 1) * x[:, u].sum() for u in range(t + 1, 4)))
        wanted = np.stack([state + count for state, count in zip(before, counts)], 1)
        expect(
            K.get_value(K.gradients(K.sum(outputs), tensors[:1])[0]), wanted, f"slope of inputs that meet another state, unroll={unroll}"
        )


def starts_stand_before_the_first_step(K):
    """Before the first step that isn't masked stands the first state as the loop carries it; zeros where its dtype isn't the output's."""
    x, mask = np.arange(12.0).reshape(2, 3, 2), np.array([[0, 1, 1], [0, 0, 1]])
    start = np.array([[7.0, 8.0]])
    _, outputs, _ = K.rnn(lambda x_t, s: (x_t, [s[0] + x_t]), K.variable(x), [K.variable(start)], mask=K.variable(mask))
    expect(K.get_value(outputs), np.stack([np.stack([start[0], x[0, 1], x[0, 2]]), np.stack([start[0], start[0], x[1, 2]])]), "outputs")
    counter = K.variable(np.full((2, 2), 5), dtype="int32")
    _, outputs, (count,) = K.rnn(lambda x_t, s: (x_t, [s[0] + 1]), K.variable(x), [counter], mask=K.variable(mask))
    none = np.zeros(2)
    expect(K.get_value(outputs), np.stack([np.stack([none, x[0, 1], x[0, 2]]), np.stack([none, none, x[1, 2]])]), "outputs of a counter")
    expect(K.get_value(count), np.array([[7, 7], [6, 6]]), "counter")


def squares_sum(K, x):
    return K.map_fn(lambda e: K.sum(K.square(e)), x)


def decayed(K, x, initializer=None):
    return K.foldl(lambda acc, e: acc * 0.5 + e, x, initializer=initializer)


def decayed_right(K, x, initializer=None):
    return K.foldr(lambda acc, e: acc * 0.5 + e, x, initializer=initializer)


def fold(x, initializer=None):
    acc = initializer
    for e in x:
        acc = e if acc is None else acc * 0.5 + e
    return acc


FOLDS = (
    Case((In((4, 3), kind="fixed"),)),
    Case((In((4, 3)),), empty=False),
    Case((In((4, 3)), In((3,), kind="variable"))),
)

OPS = [
    Op(
        "rnn",
        run_rnn,
        (
            *rnn_cases(unroll=False),
            *rnn_cases(unroll=True, input_length=4),
            Case((X, W, U, H), {"constants": H, "unroll": False}),
            Case((X, W, U, H), {"constants": H, "unroll": True}),
            Case((UNKNOWN_LENGTH, W, U, H), {"mask": MASK}, note="unknown length"),
            Case(
                (X, W, U, H),
                {"mask": In(values=[[[1], [1], [0], [1]], [[0], [0], [1], [1]]], dtype="float32")},
                grad=(0, 1, 2, 3),
                note="a mask of shape (samples, time, 1)",
            ),
            Case(
                (In((2, 3, 2, 3)), W, U, In((2, 2, 5))),
                {"mask": In(values=[[1, 0, 1], [0, 1, 1]], dtype="bool")},
                note="steps with two axes",
            ),
        ),
        checks=checks(
            narrower_output,
            one_function_many_lengths,
            unroll_needs_a_length,
            no_time_steps_are_refused,
            no_states,
            static_shapes,
            tensors_that_depend_on_each_other,
            starts_are_widened,
            states_keep_their_shape,
            what_never_meets_keeps_its_samples,
            states_become_others,
            starts_stand_before_the_first_step,
        ),  # fmt: skip
        call=call_rnn,
    ),
    Op(
        "map_fn",
        lambda x: np.sum(x * x, axis=tuple(range(1, x.ndim))),
        (Case((In((4, 3)),)), Case((In((2, 3, 2)),))),
        call=squares_sum,
    ),
    Op("foldl", fold, FOLDS, call=decayed),
    Op("foldr", lambda x, initializer=None: fold(x[::-1], initializer), FOLDS, call=decayed_right),
]
