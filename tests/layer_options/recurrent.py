"""Recurrent layers, cells and the wrappers of layers: each option by itself. What draws numbers is among the cases of ``training``."""

from .case import Case

FIRST = {"data_format": "channels_first"}
STARTS = {"kernel_initializer": "ones", "recurrent_initializer": "zeros", "bias_initializer": "ones"}
PENALTIES = (
    {"kernel_regularizer": "l2"}, {"recurrent_regularizer": "l1"}, {"bias_regularizer": "l2"},
    {"kernel_constraint": "non_neg"}, {"recurrent_constraint": "non_neg"}, {"bias_constraint": "non_neg"},
)  # fmt: skip
BOTH = {"return_sequences": True, "return_state": True}
SHARED = (
    {}, {"activation": "relu"}, {"use_bias": False}, STARTS, *PENALTIES, {"return_sequences": True}, {"return_state": True}, BOTH,
    {"go_backwards": True}, {"go_backwards": True, "return_sequences": True}, {"unroll": True}, {"unroll": True, "go_backwards": True, **BOTH},
)  # fmt: skip
MASKED = ({}, {"return_sequences": True}, {"go_backwards": True, **BOTH}, {"unroll": True})
GATES = {"recurrent_activation": "hard_sigmoid"}


def of(name: str, *options: dict, x: str = "steps", **more) -> list[Case]:
    return [Case(name, own, (x,), **more) for own in options]


def parted(name: str, *parts: dict, x: str = "steps", options: dict | None = None, **more) -> list[Case]:
    return [Case(name, dict(options or {}), (x,), parts=own, **more) for own in parts]


CASES: list[Case] = []
for name, own in (
    ("SimpleRNN", ()),
    ("LSTM", (GATES, {"unit_forget_bias": False})),
    ("GRU", (GATES, {"reset_after": False}, {"reset_after": False, "use_bias": False, **BOTH}, {"reset_after": True, **GATES})),
):
    CASES += of(name, *({"units": 2, **o} for o in (*SHARED, *own)))
    CASES += of(name, *({"units": 2, **o} for o in MASKED), masked=True)
    if name != "SimpleRNN":
        turned = {"units": 2, "time_major": True, "return_sequences": True}
        CASES += of(name, turned, {**turned, "go_backwards": True}, library="tf_keras", refused={"keras3": "keras3-time-major"})
        CASES += of(name, {"units": 2, "use_cudnn": False}, library="keras3")

for name, own in (("SimpleRNNCell", ()), ("LSTMCell", (GATES, {"unit_forget_bias": False})), ("GRUCell", (GATES, {"reset_after": False}))):
    cells = [(name, {"units": 2, **o}) for o in ({}, {"activation": "relu"}, {"use_bias": False}, STARTS, *own)]
    cells += [(name, {"units": 2, **o}) for o in PENALTIES if "activity_regularizer" not in o]
    CASES += parted("RNN", *({"cell": cell} for cell in cells))
ONE, TWO = {"cell": ("GRUCell", {"units": 2})}, {"cell": [("LSTMCell", {"units": 2}), ("SimpleRNNCell", {"units": 3})]}
for options in (BOTH, {"go_backwards": True, "return_sequences": True}, {"unroll": True}):
    CASES += parted("RNN", ONE, TWO, options=options)
CASES += parted("RNN", ONE, TWO, options={"return_sequences": True}, masked=True)
CASES += parted("RNN", ONE, options={"zero_output_for_mask": True, "return_sequences": True}, masked=True)
CASES += parted(
    "RNN", ONE, TWO, options={"time_major": True, "return_sequences": True}, library="tf_keras", refused={"keras3": "keras3-time-major"}
)

WITHIN = {"layer": ("LSTM", {"units": 2})}
SEQUENCES = {"layer": ("GRU", {"units": 2, "return_sequences": True})}
for mode in ("sum", "mul", "ave", "concat", None):
    CASES += parted("Bidirectional", WITHIN, SEQUENCES, options={"merge_mode": mode})
CASES += parted(
    "Bidirectional",
    {"layer": ("LSTM", {"units": 2, "return_state": True})},
    {"layer": ("SimpleRNN", {"units": 2, **BOTH})},
    {"layer": ("LSTM", {"units": 2}), "backward_layer": ("GRU", {"units": 3, "go_backwards": True})},
    {"layer": ("LSTM", {"units": 2, "unroll": True})},
)
CASES += parted("Bidirectional", WITHIN, SEQUENCES, masked=True)

for n in (1, 2, 3):
    base = {"filters": 2 if n < 3 else 1, "kernel_size": 2}
    films = (
        {}, {"strides": 2}, {"padding": "same"}, {"dilation_rate": 2}, {"activation": "relu"}, {"recurrent_activation": "sigmoid"}, {"use_bias": False},
        {"unit_forget_bias": False}, STARTS, {"return_sequences": True}, {"return_state": True}, {"go_backwards": True, "return_sequences": True},
    )  # fmt: skip
    together = {key: value for o in PENALTIES for key, value in o.items()}
    more = PENALTIES if n == 1 else (together,)
    CASES += of(f"ConvLSTM{n}D", *({**base, **o} for o in (*films, *more)), x=f"film{n}")
CASES += of("ConvLSTM2D", {"filters": 2, "kernel_size": 1}, x="film2", masked=True, library="tf_keras")

CASES += parted(
    "TimeDistributed",
    {"layer": ("Dense", {"units": 2, "activation": "tanh"})},
    {"layer": ("LayerNormalization", {})},
    {"layer": ("Dense", {"units": 2, "use_bias": False})},
)
CASES += parted("TimeDistributed", {"layer": ("LSTM", {"units": 2})}, {"layer": ("Conv1D", {"filters": 2, "kernel_size": 2})}, x="film1")
CASES += parted("TimeDistributed", {"layer": ("Dense", {"units": 2})}, masked=True)
