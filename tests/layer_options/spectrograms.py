"""Spectrograms on the mel scale; STFTSpectrogram is in ``preprocessing_cases.py``."""

from .case import Case

SMALL = {"fft_length": 16, "sequence_stride": 5, "num_mel_bins": 4, "sampling_rate": 800}

CASES = [
    *(
        Case("MelSpectrogram", SMALL | options, ("sound",), library="keras3")
        for options in (
            {}, {"window": "hamming", "power_to_db": False}, {"window": None}, {"window": None, "sequence_length": 11}, {"sequence_length": 10},
            {"sequence_length": 11, "window": "hamming"}, {"fft_length": 15, "min_freq": 0.0}, {"mag_exp": 1.0, "power_to_db": False}, {"mag_exp": 1.5, "ref_power": 5.0},
            {"top_db": 9.0}, {"min_power": 0.5, "ref_power": 0.1}, {"min_freq": 50.0, "max_freq": 300.0}, {"num_mel_bins": 9, "sequence_stride": 16},
        )
    ),
    *(Case("MelSpectrogram", SMALL | options, ("sounds",), library="keras3") for options in ({}, {"mag_exp": 1.0, "top_db": 30.0})),
]  # fmt: skip
