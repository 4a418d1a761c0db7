"""Record a model with functions as a real Keras 1.2.2 saves it (Python 3.6, Theano): models/keras1.h5, .npz.

    THEANO_FLAGS=cxx=,optimizer=fast_compile KERAS_BACKEND=theano python make_keras1.py
"""

import os
import pathlib

import numpy as np
from keras import backend as K
from keras.layers import Input, Lambda, merge
from keras.models import Model

FOLDER = pathlib.Path(__file__).parent / "models"


def distance(vects):
    x, y = vects
    return K.sqrt(K.sum(K.square(x - y), axis=1, keepdims=True) + 1e-6)


def scaled_by(by):
    return lambda x: x * by


a, b = Input((4,)), Input((4,))
scaled = Lambda(scaled_by(3.0))(Lambda(lambda x: x / 2.0 - 1.0)(a))
first = Lambda(distance, output_shape=lambda shapes: (shapes[0][0], 1))([scaled, b])
difference = merge([a, b], mode=lambda t: K.abs(t[0] - t[1]), output_shape=lambda shapes: shapes[0])
second = Lambda(lambda x, p=2: x**p, arguments={"p": 3}, output_shape=(4,))(difference)
model = Model([a, b], [first, second])
x = [np.random.RandomState(i).rand(3, 4).astype("float32") for i in range(2)]
y = model.predict(x)
np.savez_compressed(str(FOLDER / "keras1.npz"), a=x[0], b=x[1], first=y[0], second=y[1])
if os.path.exists(str(FOLDER / "keras1.h5")):
    os.remove(str(FOLDER / "keras1.h5"))
model.save(str(FOLDER / "keras1.h5"))
