"""Names that Keras 2.21 and 3.15 have and kbridge doesn't, each with the reason: an error for a file that asks for it says so."""

from __future__ import annotations

_OTHERS_PROGRAM = "it holds a program of another framework"

#: class of a layer -> the reason
LAYERS = {
    "AbstractRNNCell": "it is a base for cells of one's own: here a cell is a Layer with state_size and call(inputs, states)",
    "ContrastLimitedAdaptiveHistogramEqualization": "the tiles and limits of its histograms have no operations here: change pictures before they come in",
    "DenseFeatures": "feature columns are TensorFlow's: give the model arrays",
    "FlaxLayer": _OTHERS_PROGRAM,
    "HashedCrossing": "the hash of joined values is TensorFlow's own: join them before they come in, and use Hashing",
    "JaxLayer": _OTHERS_PROGRAM,
    "MaxNumBoundingBoxes": "it changes boxes beside pictures, which aren't tensors of a model here",
    "TFSMLayer": "it holds a program of TensorFlow: kbridge reads SavedModel folders of Keras models",
    "TorchModuleWrapper": _OTHERS_PROGRAM,
}

#: class that isn't a layer -> the reason
TRAINING = {
    "Mean": "its value is that of a number, not of targets and outputs: a function of both is a metric here",
    "MeanTensor": "its value is that of a number, not of targets and outputs: a function of both is a metric here",
    "MultiOptimizer": "here one optimizer trains all weights of a model",
    "OptimizerMap": "here one optimizer trains all weights of a model",
    **dict.fromkeys(
        ("RadialConstraint", "radial_constraint"),
        "tf.keras takes other values of the kernel than those of the rings that it names, and fails for some sizes",
    ),
    **dict.fromkeys(("STFT", "STFTInitializer", "stft"), "it starts the kernels of STFTSpectrogram, which does so by itself here"),
    "Sum": "its value is that of a number, not of targets and outputs: a function of both is a metric here",
}


def reason(name: str) -> str:
    """Return why kbridge lacks a class, as the end of a sentence in parentheses; nothing for an unknown one."""
    found = LAYERS.get(name) or TRAINING.get(name)
    return f" ({found})" if found else ""
