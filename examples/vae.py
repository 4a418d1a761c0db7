"""Variational autoencoder (Kingma and Welling, 2013) of digits, with two latent numbers.

Writes vae.png: the digits that the decoder makes of a square of the latent plane.
"""

import sys

import numpy as np
from data import load_digits
from pictures import save_grid

from kbridge import backend as K
from kbridge import objectives
from kbridge.layers import Dense, Input, Lambda
from kbridge.models import Model

PIXELS, LATENT, BATCH = 64, 2, 50

np.random.seed(6)
(x, _), (x_test, _) = [(images.reshape(-1, PIXELS), labels) for images, labels in load_digits()]
x, x_test = x[: len(x) // BATCH * BATCH], x_test[: len(x_test) // BATCH * BATCH]


def sample(arguments):
    """A point of the normal distribution that the encoder names, so that gradients go through mean and deviation."""
    mean, log_variance = arguments
    return mean + K.exp(log_variance / 2) * K.random_normal(shape=(BATCH, LATENT), mean=0.0, std=1.0)


image = Input(batch_shape=(BATCH, PIXELS))
h = Dense(128, activation="relu")(image)
mean, log_variance = Dense(LATENT)(h), Dense(LATENT)(h)
z = Lambda(sample, output_shape=(LATENT,))([mean, log_variance])
decoder_h, decoder_out = Dense(128, activation="relu"), Dense(PIXELS, activation="sigmoid")
vae = Model(image, decoder_out(decoder_h(z)))


def vae_loss(image, decoded):
    reconstruction = PIXELS * objectives.binary_crossentropy(image, decoded)
    divergence = -0.5 * K.sum(1 + log_variance - K.square(mean) - K.exp(log_variance), axis=-1)
    return reconstruction + divergence


vae.compile(optimizer="adam", loss=vae_loss)
history = vae.fit(x, x, nb_epoch=100, batch_size=BATCH, verbose=0, validation_data=(x_test, x_test)).history["val_loss"]
for epoch in (0, 9, 19, 49, 99):
    print(f"epoch {epoch + 1:2}: loss on other digits {history[epoch]:.2f}")

point = Input(shape=(LATENT,))
decoder = Model(point, decoder_out(decoder_h(point)))
side = np.linspace(-1.8, 1.8, 12)
plane = np.array([(a, b) for a in side for b in side])
save_grid("vae.png", decoder.predict(plane).reshape(-1, 8, 8), columns=12, scale=4)
blank = np.mean(x_test, axis=0)
best_constant = -PIXELS * np.mean(x_test * np.log(blank + 1e-7) + (1 - x_test) * np.log(1 - blank + 1e-7))
print(f"Loss {history[-1]:.1f}; the best single picture for all digits would have {best_constant:.1f} (1.5 less or better expected).")
if history[-1] > best_constant - 1.5:
    sys.exit(1)
