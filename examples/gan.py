"""Generative adversarial network (Goodfellow et al., 2014): one network draws digits, another tells them from real ones.

Writes gan.png: digits that the generator draws.
"""

import sys

import numpy as np
from data import load_digits
from pictures import save_grid

from kbridge.layers import BatchNormalization, Dense, Dropout, LeakyReLU
from kbridge.models import Sequential
from kbridge.optimizers import Adam

NOISE, BATCH, EPOCHS = 16, 32, 60

np.random.seed(7)
(x, _), _ = load_digits()
x = 2 * x.reshape(len(x), 64) - 1

generator = Sequential()
generator.add(Dense(128, input_dim=NOISE))
generator.add(LeakyReLU(0.2))
generator.add(BatchNormalization(mode=2, momentum=0.9))
generator.add(Dense(128))
generator.add(LeakyReLU(0.2))
generator.add(Dense(64, activation="tanh"))

discriminator = Sequential()
discriminator.add(Dense(128, input_dim=64))
discriminator.add(LeakyReLU(0.2))
discriminator.add(Dropout(0.3))
discriminator.add(Dense(64))
discriminator.add(LeakyReLU(0.2))
discriminator.add(Dense(1, activation="sigmoid"))
discriminator.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.0005, beta_1=0.5))

# in the pair only the generator learns; the discriminator, compiled before, still learns by itself
discriminator.trainable = False
pair = Sequential([generator, discriminator])
pair.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.0005, beta_1=0.5))

real, fake = np.full((BATCH, 1), 0.9), np.zeros((BATCH, 1))
for epoch in range(EPOCHS):
    order = np.random.permutation(len(x))
    for start in range(0, len(x) - BATCH + 1, BATCH):
        drawn = generator.predict_on_batch(np.random.normal(size=(BATCH, NOISE)))
        d_loss = discriminator.train_on_batch(x[order[start : start + BATCH]], real)
        d_loss = (d_loss + discriminator.train_on_batch(drawn, fake)) / 2
        g_loss = pair.train_on_batch(np.random.normal(size=(BATCH, NOISE)), np.ones((BATCH, 1)))
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: loss of the discriminator {float(d_loss):.2f}, of the generator {float(g_loss):.2f}")


def distance(images):
    """How far the nearest real digit is, on average."""
    return np.mean([np.sqrt(np.square(x - image).sum(axis=1).min()) for image in images])


drawn = generator.predict(np.random.normal(size=(100, NOISE)))
shuffled = np.array([np.random.permutation(image) for image in x[:100]])
save_grid("gan.png", (drawn.reshape(-1, 8, 8) + 1) / 2, columns=10, scale=4)
near, far = distance(drawn), distance(shuffled)
print(f"A drawing is {near:.1f} from the nearest real digit, shuffled pixels are {far:.1f} (at most 70 % of that expected).")
if near > 0.7 * far or np.std(drawn, axis=0).mean() < 0.1:
    sys.exit(1)
