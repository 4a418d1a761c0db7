"""The architectures of ``keras.applications``, with weights by a rule: as tf_keras and Keras 3 write and compute them, and as kbridge does.

    cd tests; python -m keras_applications record tf_keras|keras3 [NAME ...]     into tests/data/keras_applications
    cd tests; python -m keras_applications check [FOLDER]                        what was recorded, on the backend that is set
    cd tests; python -m keras_applications compare tf_keras|keras3 [NAME ...]    files that the library writes now, on all backends

A record holds the config, the names and shapes of the weights as an .h5 file has them, and predictions; no weights: each is made of its
name. Without names, all architectures are meant; ``tiny`` stands for those of ``architectures.TINY`` and ``NARROW``, some of which the
tests always load.
``compare`` writes .h5 and .keras files (and for one architecture of each family a SavedModel folder or .weights.h5, ONNX and Keras 3), loads
each in processes of their own, and prints a table; ``--backends numpy,theano``, ``--results FILE`` and ``--only-h5-from WEIGHTS`` choose.
Keras 3 builds these in a tenth of the time on PyTorch: ``KERAS_BACKEND=torch python -m keras_applications compare keras3 --python OTHER/bin/python``.
"""
