from keras.models import Sequential, Model
from keras.layers.embeddings import Embedding
from keras.layers import Activation, Dense, Merge, Permute, Dropout, LSTM, Input, merge, RepeatVector, Reshape, Lambda, Layer, Flatten
from keras.regularizers import l2, activity_l2, Regularizer, WeightRegularizer
from keras.constraints import maxnorm, Constraint, nonneg
from keras import backend as K
from keras import objectives, metrics
import numpy as np
np.random.seed(0)
vocab_size, story_maxlen, query_maxlen = 12, 6, 4
input_encoder_m = Sequential()
input_encoder_m.add(Embedding(input_dim=vocab_size, output_dim=8, input_length=story_maxlen))
input_encoder_m.add(Dropout(0.3))
question_encoder = Sequential()
question_encoder.add(Embedding(input_dim=vocab_size, output_dim=8, input_length=query_maxlen))
question_encoder.add(Dropout(0.3))
match = Sequential()
match.add(Merge([input_encoder_m, question_encoder], mode='dot', dot_axes=[2, 2]))
match.add(Activation('softmax'))
input_encoder_c = Sequential()
input_encoder_c.add(Embedding(input_dim=vocab_size, output_dim=query_maxlen, input_length=story_maxlen))
response = Sequential()
response.add(Merge([match, input_encoder_c], mode='sum'))
response.add(Permute((2, 1)))
answer = Sequential()
answer.add(Merge([response, question_encoder], mode='concat', concat_axis=-1))
answer.add(LSTM(8))
answer.add(Dense(vocab_size, W_regularizer=l2(0.01), W_constraint=maxnorm(2)))
answer.add(Activation('softmax'))
answer.compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])
s, q = np.random.randint(0, vocab_size, (10, story_maxlen)), np.random.randint(0, vocab_size, (10, query_maxlen))
a = np.eye(vocab_size)[np.random.randint(0, vocab_size, 10)]
h = answer.fit([s, q, s], a, batch_size=5, nb_epoch=1, verbose=0, validation_data=([s, q, s], a))
print(sorted(h.history), answer.predict([s, q, s]).shape)

class Orthogonal(Regularizer):
    def __init__(self, a=0.1):
        self.a = K.cast_to_floatx(a)
    def __call__(self, x):
        return self.a * K.sum(K.abs(K.dot(K.transpose(x), x)))
    def get_config(self):
        return {'name': self.__class__.__name__, 'a': float(self.a)}
class Clip(Constraint):
    def __init__(self, c=0.01):
        self.c = c
    def __call__(self, p):
        return K.clip(p, -self.c, self.c)
    def get_config(self):
        return {'name': self.__class__.__name__, 'c': self.c}
def wasserstein(y_true, y_pred):
    return K.mean(y_true * y_pred)
def top3(y_true, y_pred):
    return metrics.top_k_categorical_accuracy(y_true, y_pred, k=3)
m = Sequential([Dense(6, input_dim=4, W_regularizer=Orthogonal(0.01), W_constraint=Clip(0.01), activity_regularizer=activity_l2(1e-4)), Dense(4)])
m.compile('rmsprop', wasserstein, metrics=[top3, 'mae'])
m.fit(np.random.rand(8, 4), np.eye(4)[[0, 1, 2, 3] * 2], nb_epoch=1, verbose=0)
print(abs(m.get_weights()[0]).max() <= 0.0100001, m.metrics_names)

# variational autoencoder
x = Input(batch_shape=(4, 6)); hdn = Dense(5, activation='relu')(x)
z_mean, z_log_var = Dense(2)(hdn), Dense(2)(hdn)
def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(4, 2), mean=0., std=1.0)
    return z_mean + K.exp(z_log_var / 2) * epsilon
z = Lambda(sampling, output_shape=(2,))([z_mean, z_log_var])
dec = Dense(6, activation='sigmoid')
out = dec(z)
def vae_loss(x, x_decoded_mean):
    xent_loss = 6 * objectives.binary_crossentropy(x, x_decoded_mean)
    kl_loss = - 0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
    return xent_loss + kl_loss
vae = Model(x, out); vae.compile(optimizer='rmsprop', loss=vae_loss)
d = np.random.rand(12, 6)
vae.fit(d, d, shuffle=True, nb_epoch=1, batch_size=4, validation_data=(d, d), verbose=0)
encoder = Model(x, z_mean); di = Input(shape=(2,)); generator = Model(di, dec(di))
print(encoder.predict(d, batch_size=4).shape, generator.predict(np.zeros((1, 2))).shape)

# a CRF-like layer by K.rnn and masks
class Viterbi(Layer):
    def __init__(self, **kw):
        self.supports_masking = True
        self.uses_learning_phase = False
        super(Viterbi, self).__init__(**kw)
    def build(self, s):
        self.U = self.add_weight((s[2], s[2]), initializer='glorot_uniform', name='U')
        self.built = True
    def call(self, x, mask=None):
        def step(x_t, states):
            prev = states[0]
            best = K.max(K.expand_dims(prev, 2) + K.expand_dims(self.U, 0), axis=1)
            new = x_t + best
            return new, [new]
        last, alpha, _ = K.rnn(step, x, [K.zeros_like(x[:, 0, :])], mask=mask)
        return alpha
    def get_output_shape_for(self, s):
        return s
    def compute_mask(self, x, mask=None):
        return mask
i = Input((5,), dtype='int32'); c = Viterbi()(Embedding(9, 3, mask_zero=True)(i))
crf = Model(i, c); crf.compile('sgd', 'mse')
print(crf.train_on_batch(np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]]), np.zeros((2, 5, 3))) >= 0)
