"""States of recurrent layers that come in, or stay from batch to batch, and convolutional ones with the channels first."""

from .case import Case

L2 = {"activity_regularizer": "l2"}
BOTH = {"return_sequences": True, "return_state": True}
FIRST = {"data_format": "channels_first"}
ONE, TWO = {"cell": ("GRUCell", {"units": 2})}, {"cell": [("LSTMCell", {"units": 2}), ("SimpleRNNCell", {"units": 3})]}
KEPT = {"refused": {"onnx": "onnx-stateful"}}
#: Keras 3 drops a mask that comes with initial states
DROPPED = {"library": "tf_keras", "refused": {"keras3": "keras3-mask-and-states"}, "masked": True}
STATES = {"SimpleRNN": ("state",), "LSTM": ("state", "other_state"), "GRU": ("state",)}

CASES: list[Case] = []
for name, given in STATES.items():
    CASES += [
        Case(name, {"units": 2, "stateful": True, **o}, ("batch_steps",), **KEPT)
        for o in ({}, {**BOTH, "go_backwards": True}, {"unroll": True})
    ]
    starts = ({}, {"go_backwards": True, **BOTH}, {"unroll": True})
    CASES += [Case(name, {"units": 2, **o}, ("steps", *given), states=len(given)) for o in starts]
    CASES.append(Case(name, {"units": 2, "return_sequences": True}, ("steps", *given), states=len(given), **DROPPED))
    CASES += [Case(name, {"units": 2, **L2, **o}, ("steps",)) for o in ({}, BOTH)]
for parts, given in ((ONE, ("state",)), (TWO, ("state", "other_state", "wide_state"))):
    CASES.append(Case("RNN", {"stateful": True, "return_sequences": True}, ("batch_steps",), parts=parts, **KEPT))
    if parts is ONE:
        CASES.append(Case("RNN", {"return_state": True}, ("steps", *given), parts=parts, states=len(given)))
CASES += [
    Case("Bidirectional", {}, ("batch_steps",), parts={"layer": ("LSTM", {"units": 2, "stateful": True})}, **KEPT),
    Case("Bidirectional", {}, ("steps", "state", "other_state"), parts={"layer": ("GRU", {"units": 2, **BOTH})}, states=2),
    Case("Bidirectional", {"merge_mode": "sum"}, ("steps", "state", "other_state", "other_state", "state"), parts={"layer": ("LSTM", {"units": 2})}, states=4),
]  # fmt: skip
for n, kernel, small in ((1, 2, "map1"), (2, 2, "map2"), (3, (2, 2, 1), "map3")):
    base = {"filters": 2, "kernel_size": kernel}
    there = (f"film{n}", small, small)
    CASES += [
        Case(f"ConvLSTM{n}D", {**base, "stateful": True, "return_sequences": True}, (f"batch_film{n}",), **KEPT),
        Case(f"ConvLSTM{n}D", {**base, "padding": "same", "return_state": True}, there, states=2),
        Case(f"ConvLSTM{n}D", {**base, **L2}, (f"film{n}",)),
        Case(f"ConvLSTM{n}D", {**base, **FIRST}, (f"film{n}",), twin=True),
        Case(
            f"ConvLSTM{n}D", {**base, **FIRST, "padding": "same", "return_sequences": True, "go_backwards": True}, (f"film{n}",), twin=True
        ),
        Case(f"ConvLSTM{n}D", {**base, **FIRST, **BOTH}, (f"film{n}",), twin=True, refused={"keras3": "keras3-conv-lstm-states"}),
    ]
