"""Functions that rearrange, join, pad, repeat and resize."""

import numpy as np

from .spec import Case, In, Op, checks, expect_error

X = In()
CUBE = In((2, 3, 4))
IMAGES = {"th": In((2, 3, 4, 5)), "tf": In((2, 4, 5, 3))}
VOLUMES = {"th": In((2, 2, 3, 4, 2)), "tf": In((2, 3, 4, 2, 2))}


def spatial(dim_ordering):
    return 2 if dim_ordering == "th" else 1


def pad_from(x, axis, widths):
    return np.pad(x, [(0, 0)] * axis + list(widths) + [(0, 0)] * (x.ndim - axis - len(widths)))


def spatial_padding(x, padding=None, dim_ordering="default"):
    padding = (1,) * (x.ndim - 2) if padding is None else padding
    return pad_from(x, spatial(dim_ordering), [(p, p) for p in padding])


def asymmetric_2d(x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering="default"):
    return pad_from(x, spatial(dim_ordering), [(top_pad, bottom_pad), (left_pad, right_pad)])


def resize(x, *args):
    *factors, dim_ordering = args
    for i, factor in enumerate(factors):
        x = np.repeat(x, factor, axis=spatial(dim_ordering) + i)
    return x


def stack(x):
    return np.stack(x, axis=0)


def like(fill):
    return lambda x, dtype=None, name=None: np.full(x.shape, fill, dtype or x.dtype)


def split(x, count, axis=-1):
    """Equal parts along an axis, or parts of given lengths."""
    return tuple(np.split(x, count if isinstance(count, int) else np.cumsum(count)[:-1], axis))


def uneven_parts_are_named(K):
    for shape in ((None, 5), (2, None)):
        expect_error((ValueError,), ("split", "2 equal parts", str(shape)), lambda shape=shape: K.split(K.placeholder(shape), 2))
        expect_error((ValueError,), ("split", "[2, 4]", str(shape)), lambda shape=shape: K.split(K.placeholder(shape), [2, 4]))


OPS = [
    Op(
        "split",
        split,
        (
            Case((In((3, 4)), 2)),
            Case((In((2, 3, 6)), 3)),
            Case((In(), 1)),
            Case((In((2, 6, 3)), 3, 1), note="another axis"),
            Case((In((3, 4)), [3, 1])),
            Case((In((2, 6, 3)), [1, 0, 5], 1), note="parts of given lengths"),
        ),
        checks(uneven_parts_are_named),
    ),
    Op(
        "reshape",
        np.reshape,
        (
            Case((In(kind="fixed"), (2, 6))),
            Case((In(kind="fixed"), (-1, 2))),
            Case((CUBE, (-1, 12)), note="the batch stays unknown"),
            Case((In((2, 3, 4), kind="variable"), (2, -1))),
            Case((In((0, 4)), (-1, 2, 2)), note="no samples"),
        ),
    ),
    Op("permute_dimensions", np.transpose, (Case((CUBE, (0, 2, 1))), Case((CUBE, (2, 0, 1))), Case((X, [1, 0])))),
    Op("transpose", np.transpose, (Case((X,)), Case((CUBE,)), Case((In((4, 2), kind="variable"),)))),
    Op("identity", lambda x: x, (Case((X,)), Case((In((), kind="variable"),)), Case((In((4,), dtype="int32", high=9),)))),
    Op(
        "expand_dims",
        lambda x, dim=-1: np.expand_dims(x, dim),
        tuple(Case((X, d)) for d in (-1, 0, 1, 2, -2)) + (Case((X,)),),
    ),
    Op("squeeze", np.squeeze, (Case((In((3, 1, 4)), 1)), Case((In((1, 4), kind="fixed"), 0)), Case((In((3, 4, 1)), -1)))),
    Op("flatten", np.ravel, (Case((X,)), Case((In((2, 3, 2), kind="variable"),)))),
    Op(
        "batch_flatten",
        lambda x: x.reshape((len(x), int(np.prod(x.shape[1:])))),
        (Case((X,)), Case((CUBE,)), Case((In((2, 3, 4), kind="unknown"),), note="nothing known")),
    ),
    Op(
        "concatenate",
        lambda tensors, axis=-1: np.concatenate(tensors, axis=axis),
        (
            Case(([X, In((3, 2)), X],)),
            Case(([X, In((2, 4))],), {"axis": 0}),
            Case(([CUBE, In((2, 1, 4))],), {"axis": 1}),
            Case(([X, In(dtype="int32", high=5)],), grad=(0,), note="integers become floats"),
            Case(([In((3, 2)), In((1, 2), kind="variable")],), {"axis": 0}),
        ),
    ),
    Op(
        "stack",
        stack,
        (Case(([X, X],)), Case(([In((4,), kind="variable"), In((4,), kind="variable"), In((4,), kind="variable")],))),
    ),
    Op("pad", np.pad, (Case((X, [(0, 0), (1, 2)])), Case((X, [(2, 1), (0, 0)])), Case((CUBE, [(0, 0), (0, 1), (2, 0)])))),
    Op(
        "tile",
        np.tile,
        (Case((X, [2, 1])), Case((X, (1, 3))), Case((In((2,), kind="variable"), 3)), Case((CUBE, (1, 2, 2)))),
    ),
    Op(
        "repeat_elements",
        np.repeat,
        (Case((X, 2, 1)), Case((CUBE, 3, 0)), Case((CUBE, 2, -1)), Case((In(kind="fixed"), 2, 0))),
    ),
    Op("repeat", lambda x, n: np.repeat(x[:, None], n, axis=1), (Case((X, 4)), Case((X, 1)))),
    Op(
        "reverse",
        lambda x, axes: np.flip(x, axes if isinstance(axes, int) else tuple(axes)),
        (Case((X, 0)), Case((CUBE, [0, 1])), Case((CUBE, -1)), Case((CUBE, (1,)))),
    ),
    Op(
        "zeros_like",
        like(0),
        (Case((X,), grads=(None,)), Case((X,), {"dtype": "int32"}, grads=()), Case((In(dtype="int64", high=5),))),
    ),
    Op(
        "ones_like",
        like(1),
        (Case((X,), grads=(None,)), Case((X,), {"dtype": "int32"}, grads=()), Case((In(dtype="int64", high=5),))),
    ),
    Op("temporal_padding", lambda x, padding=1: pad_from(x, 1, [(padding, padding)]), (Case((CUBE,)), Case((CUBE, 2)))),
    Op(
        "asymmetric_temporal_padding",
        lambda x, left_pad=1, right_pad=1: pad_from(x, 1, [(left_pad, right_pad)]),
        (Case((CUBE, 1, 3)), Case((CUBE,), {"left_pad": 0, "right_pad": 2})),
    ),
    Op(
        "spatial_2d_padding",
        spatial_padding,
        tuple(Case((x, *padding), {"dim_ordering": ordering}) for ordering, x in IMAGES.items() for padding in ((), ((2, 0),))),
    ),
    Op(
        "asymmetric_spatial_2d_padding",
        asymmetric_2d,
        tuple(Case((x, 1, 2, 0, 3), {"dim_ordering": ordering}) for ordering, x in IMAGES.items()),
    ),
    Op(
        "spatial_3d_padding",
        spatial_padding,
        tuple(Case((x, *padding), {"dim_ordering": ordering}) for ordering, x in VOLUMES.items() for padding in ((), ((1, 0, 2),))),
    ),
    Op("resize_images", resize, tuple(Case((x, 2, 3, ordering)) for ordering, x in IMAGES.items())),
    Op("resize_volumes", resize, tuple(Case((x, 2, 1, 3, ordering)) for ordering, x in VOLUMES.items())),
]
