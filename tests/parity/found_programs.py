"""Programs that showed a fault once, as they were printed."""

from kbridge.conformance.random_programs import Program

FOUND = [
    # a loop of which nothing moves from turn to turn: it didn't run
    Program(
        variables={"w2": (2, 2)},
        steps=[
            ("t10", "foldl", [], {"over": "@w2", "start": "@w2", "body": [("t9b5", "mul", ["@acc", 0.5], {})], "result": "@t9b5"}),
        ],
        outputs=["t10"],
        loss=[("t10", "sin")],
        gradients=["w2"],
        calls=[{"n": 1, "t": 1, "phase": 1, "layout": "C"}],
        seed=1064,
    ),
    # the same, with a state that becomes the other one
    Program(
        placeholders={"x0": ("n", "t")},
        steps=[
            ("t1", "at", ["@x0", ("slice", 1, None, None), None, ("slice", None, None, None)], {}),
            (
                "t10",
                "rnn",
                [],
                {
                    "over": "@t1",
                    "states": ["@t1", "@t1"],
                    "mask": None,
                    "backwards": False,
                    "unroll": False,
                    "body": [
                        ("t9b1", "size", ["@t1", 0], {}),
                        ("t9b2", "as_float", ["@t9b1"], {}),
                        ("t9b10", "add", ["@state1", "@t9b2"], {}),
                    ],
                    "result": "@t9b10",
                    "new_states": ["@state0", "@t9b10"],
                    "take": "last",
                },
            ),
        ],
        outputs=["t10"],
        loss=[("t10", "sin")],
        gradients=["t1"],
        calls=[{"n": 2, "t": 1, "phase": 0, "layout": "C"}],
        seed=1314,
    ),
    # a lower bound that is known once lengths are, above an upper one that is a number
    Program(
        placeholders={"x0": ("n", "t", 3)},
        steps=[("t12", "size", ["@x0", 0], {}), ("t16", "clip", ["@x0", "@t12", 0.5], {})],
        outputs=["t16"],
        calls=[{"n": 1, "t": 1, "phase": 0, "layout": "C"}],
        seed=3115,
    ),
]
