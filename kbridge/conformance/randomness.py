"""Random tensors: bounds, moments, seeds, new values at each evaluation."""

import numpy as np

from .spec import Op, checks, expect, expect_error

N = (200, 100)


def within(value, expected, tolerance, what):
    if not abs(value - expected) <= tolerance:
        raise AssertionError(f"{what}: expected {expected} within {tolerance}, got {value}")


def moments(sample, mean, std, what):
    """Five standard errors of 20000 values, the deviation's as for a normal law."""
    within(float(np.mean(sample)), mean, 5 * std / sample.size**0.5 + 1e-6, f"mean of {what}")
    within(float(np.std(sample)), std, 5 * std / sample.size**0.5, f"standard deviation of {what}")


def draw(K, tensor, times=1):
    f = K.function([], [tensor])
    return [f([])[0] for _ in range(times)]


def fresh_and_seeded(make):
    """New values at each evaluation; one seed gives one sequence; other seeds give others."""

    def new_values_and_seeds(K):
        first, second = draw(K, make(K, 7), 2)
        expect(np.array_equal(first, second), False, "two evaluations are equal")
        again = draw(K, make(K, 7), 2)
        expect(again[0], first, "the same seed, first evaluation")
        expect(again[1], second, "the same seed, second evaluation")
        expect(np.array_equal(draw(K, make(K, 8))[0], first), False, "another seed gives the same")
        free = [draw(K, make(K, None))[0] for _ in range(2)]
        expect(np.array_equal(*free), False, "no seed gives the same twice")

    return new_values_and_seeds


def seed_from_numpy(make):
    """Without a seed, NumPy's global state decides."""

    def numpy_seeds_it(K):
        def sample():
            np.random.seed(5)
            return draw(K, make(K, None))[0]

        state = np.random.get_state()
        try:
            expect(sample(), sample(), "after np.random.seed(5)")
        finally:
            np.random.set_state(state)

    return numpy_seeds_it


def dynamic_shape(make):
    def shape_of_a_batch(K):
        x = K.placeholder((None, 3))
        f = K.function([x], [make(K, (K.shape(x)[0], 3))])
        for n in (2, 5, 0):
            expect(f([np.zeros((n, 3))])[0].shape, (n, 3), "shape")

    return shape_of_a_batch


def dtypes(make):
    def dtype_asked_for(K):
        for dtype in (None, "float32", "float64"):
            tensor = make(K, dtype)
            expect(K.dtype(tensor), dtype or K.floatx(), "static dtype")
            got = draw(K, tensor)[0]
            expect((str(got.dtype), got.shape, K.int_shape(tensor)), (dtype or K.floatx(), (2, 3), (2, 3)), "dtype and shapes")

    return dtype_asked_for


def uniform_law(K):
    sample = draw(K, K.random_uniform(N, -1.0, 3.0, seed=1))[0]
    expect(bool(sample.min() >= -1.0 and sample.max() < 3.0), True, "bounds [low, high)")
    moments(sample, 1.0, 4.0 / 12**0.5, "random_uniform(-1, 3)")
    sample = draw(K, K.random_uniform(N))[0]
    moments(sample, 0.5, 1 / 12**0.5, "random_uniform()")


def normal_law(K):
    sample = draw(K, K.random_normal(N, mean=2.0, std=0.5, seed=1))[0]
    moments(sample, 2.0, 0.5, "random_normal(2, 0.5)")
    z = (sample - 2.0) / 0.5
    within(float(np.mean(z**3)), 0.0, 5 * 15**0.5 / z.size**0.5, "third moment")
    within(float(np.mean(z**4)), 3.0, 5 * 96**0.5 / z.size**0.5, "fourth moment")


def binomial_law(K):
    sample = draw(K, K.random_binomial(N, p=0.3, seed=1))[0]
    expect(set(np.unique(sample)), {0.0, 1.0}, "values")
    within(float(sample.mean()), 0.3, 5 * (0.21 / sample.size) ** 0.5, "mean")
    expect(draw(K, K.random_binomial((4, 4)))[0], np.zeros((4, 4)), "p = 0")
    expect(draw(K, K.random_binomial((4, 4), p=1.0))[0], np.ones((4, 4)), "p = 1")


def dropout_law(K):
    x = K.variable(np.full(N, 2.0))
    y = K.dropout(x, 0.25, seed=1)
    sample, grad = K.function([], [y, *K.gradients(K.sum(y), [x])])([])
    expect(np.unique(np.round(sample, 4)), np.array([0.0, 2.6667]), "values", rtol=1e-3)
    within(float((sample == 0).mean()), 0.25, 5 * (0.1875 / sample.size) ** 0.5, "fraction of zeros")
    expect(grad, sample / 2.0, "the gradient has the same mask")


def dropout_noise_shape(K):
    x = K.placeholder((None, 4, 3))
    f = K.function([x], [K.dropout(x, 0.5, noise_shape=(None, 1, 3), seed=3)])
    got = f([np.ones((6, 4, 3))])[0]
    expect(got, np.broadcast_to(got[:, :1], got.shape), "one decision along axis 1")
    expect(len(np.unique(got[:, 0])), 2, "decisions differ elsewhere")
    # what broadcasts to the input: fewer entries are those of its last axes
    for shape, same_along in (((3,), (0, 1)), ((1, 1), (0, 1, 2)), ((6, 1), (0, 2)), ((2, 1, 1), (1, 2)), ((), (0, 1, 2))):
        x = K.placeholder((2, 6, 3))
        got = K.function([x], [K.dropout(x, 0.5, noise_shape=shape, seed=3)])([np.ones((2, 6, 3))])[0]
        expect(sorted(set(got.ravel().tolist()) - {0.0, 2.0}), [], f"values with noise_shape {shape}")
        expect(float(np.ptp(got, axis=same_along).max()), 0.0, f"one decision along axes {same_along} with noise_shape {shape}")
    expect_error(ValueError, ("noise_shape", "(2, 6, 3)"), lambda: K.dropout(x, 0.5, noise_shape=(2, 3)))
    expect_error(ValueError, ("noise_shape", "4 entries"), lambda: K.dropout(x, 0.5, noise_shape=(1, 1, 1, 1)))


def dropout_levels(K):
    x = K.placeholder((2, 3))
    expect(K.dropout(x, 0.0) is x, True, "level 0 gives x")
    for level in (1.0, -0.1):
        expect_error(ValueError, (str(level),), lambda level=level: K.dropout(x, level))


def variables_from_numpy(K):
    state = np.random.get_state()
    try:
        for make, law in (
            (
                lambda seed: K.random_uniform_variable((3, 4), -1.0, 2.0, seed=seed),
                lambda rng: rng.uniform(-1.0, 2.0, (3, 4)),
            ),
            (lambda seed: K.random_normal_variable((3, 4), 1.0, 0.5, seed=seed), lambda rng: rng.normal(1.0, 0.5, (3, 4))),
        ):
            np.random.seed(11)
            v = make(None)
            expect(K.is_variable(v), True, "is_variable")
            expect(K.get_value(v), law(np.random.RandomState(11)), "NumPy's global state")
            expect(K.get_value(make(4)), law(np.random.RandomState(4)), "a seed of its own")
    finally:
        np.random.set_state(state)


def row(name, law, make):
    """A random op: ``make(K, shape, dtype, seed)``."""
    return Op(
        name,
        checks=checks(
            law,
            fresh_and_seeded(lambda K, seed: make(K, (4, 5), None, seed)),
            seed_from_numpy(lambda K, seed: make(K, (4, 5), None, seed)),
            dynamic_shape(lambda K, shape: make(K, shape, None, 1)),
            dtypes(lambda K, dtype: make(K, (2, 3), dtype, 1)),
        ),
        gradient=False,
    )


OPS = [
    row("random_uniform", uniform_law, lambda K, shape, dtype, seed: K.random_uniform(shape, dtype=dtype, seed=seed)),
    row("random_normal", normal_law, lambda K, shape, dtype, seed: K.random_normal(shape, dtype=dtype, seed=seed)),
    row(
        "random_binomial",
        binomial_law,
        lambda K, shape, dtype, seed: K.random_binomial(shape, p=0.5, dtype=dtype, seed=seed),
    ),
    Op(
        "dropout",
        checks=checks(
            dropout_law,
            dropout_noise_shape,
            dropout_levels,
            fresh_and_seeded(lambda K, seed: K.dropout(K.variable(np.ones((5, 6))), 0.5, seed=seed)),
        ),
    ),
    Op("random_uniform_variable", checks=checks(variables_from_numpy)),
    Op("random_normal_variable", checks=checks(variables_from_numpy)),
]
