"""DCGAN-like on vectors, trainable flags shared"""
import sys
sys.path.append("..")
import numpy as np
import keras
from keras.models import Sequential, Model
from keras.layers import Input, Dense, merge, Reshape, Flatten, LeakyReLU, BatchNormalization, Dropout, UpSampling2D, Convolution2D, Activation
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.core import Activation, Dropout, Dense, Flatten, Reshape
from keras.layers.normalization import *
from keras.optimizers import *
from keras.callbacks import TensorBoard
from keras import backend as K
K.set_image_dim_ordering('th')
np.random.seed(0)

def make_trainable(net, val):
    net.trainable = val
    for l in net.layers:
        l.trainable = val

g_input = Input(shape=[10])
H = Dense(8 * 4 * 4, init='glorot_normal')(g_input)
H = BatchNormalization(mode=2)(H)
H = Activation('relu')(H)
H = Reshape([8, 4, 4])(H)
H = UpSampling2D(size=(2, 2))(H)
H = Convolution2D(4, 3, 3, border_mode='same', init='glorot_uniform')(H)
H = BatchNormalization(mode=2, axis=1)(H)
H = Activation('relu')(H)
H = Convolution2D(1, 1, 1, border_mode='same')(H)
g_V = Activation('sigmoid')(H)
generator = Model(g_input, g_V)
opt, dopt = Adam(lr=1e-4), Adam(lr=1e-3, beta_1=0.5)
generator.compile(loss='binary_crossentropy', optimizer=opt)

d_input = Input(shape=(1, 8, 8))
H = Convolution2D(6, 5, 5, subsample=(2, 2), border_mode='same', activation='relu')(d_input)
H = LeakyReLU(0.2)(H)
H = Dropout(0.25)(H)
H = Flatten()(H)
H = Dense(12)(H)
H = LeakyReLU(0.2)(H)
d_V = Dense(2, activation='softmax')(H)
discriminator = Model(d_input, d_V)
discriminator.compile(loss='categorical_crossentropy', optimizer=dopt)
make_trainable(discriminator, False)
gan_input = Input(shape=[10])
H = generator(gan_input)
gan_V = discriminator(H)
GAN = Model(gan_input, gan_V)
GAN.compile(loss='categorical_crossentropy', optimizer=opt)
X_train = np.random.rand(32, 1, 8, 8)
losses = {"d": [], "g": []}
for e in range(3):
    image_batch = X_train[np.random.randint(0, X_train.shape[0], size=8), :, :, :]
    noise_gen = np.random.uniform(0, 1, size=[8, 10])
    generated_images = generator.predict(noise_gen)
    X = np.concatenate((image_batch, generated_images))
    y = np.zeros([16, 2]); y[0:8, 1] = 1; y[8:, 0] = 1
    dw = [w.copy() for w in discriminator.get_weights()]
    make_trainable(discriminator, True)
    losses["d"].append(discriminator.train_on_batch(X, y))
    moved = any((a != b).any() for a, b in zip(dw, discriminator.get_weights()))
    y2 = np.zeros([8, 2]); y2[:, 1] = 1
    make_trainable(discriminator, False)
    dw = [w.copy() for w in discriminator.get_weights()]
    gw = [w.copy() for w in generator.get_weights()]
    losses["g"].append(GAN.train_on_batch(noise_gen, y2))
    print(moved, all((a == b).all() for a, b in zip(dw, discriminator.get_weights())), any((a != b).any() for a, b in zip(gw, generator.get_weights())))
print(np.isfinite(losses["d"] + losses["g"]).all())
