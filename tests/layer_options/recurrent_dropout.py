"""The dropouts of recurrent layers and cells, which draw numbers in training: predictions only."""

from .case import Case

OPTIONS = ({"dropout": 0.3}, {"recurrent_dropout": 0.3}, {"dropout": 0.2, "recurrent_dropout": 0.2})
CASES: list[Case] = []
for name in ("SimpleRNN", "LSTM", "GRU"):
    CASES += [Case(name, {"units": 2, **options}, ("steps",), drawn=True) for options in OPTIONS]
    CASES += [Case("RNN", {}, ("steps",), parts={"cell": (f"{name}Cell", {"units": 2, **options})}, drawn=True) for options in OPTIONS]
    CASES += [Case(name, {"units": 2, "dropout": 0.3, "seed": 3}, ("steps",), drawn=True, library="keras3")]
    CASES += [
        Case("RNN", {}, ("steps",), parts={"cell": (f"{name}Cell", {"units": 2, "dropout": 0.3, "seed": 3})}, drawn=True, library="keras3")
    ]
for n in (1, 2, 3):
    for options in OPTIONS[:2]:
        CASES.append(Case(f"ConvLSTM{n}D", {"filters": 1, "kernel_size": 2, **options}, (f"film{n}",), drawn=True))
    CASES.append(
        Case(f"ConvLSTM{n}D", {"filters": 1, "kernel_size": 2, "dropout": 0.3, "seed": 3}, (f"film{n}",), drawn=True, library="keras3")
    )
