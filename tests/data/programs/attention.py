# -*- coding: utf-8 -*-
from __future__ import absolute_import, division, print_function
import numpy as np
from keras import backend as K
from keras import initializations, regularizers, constraints
from keras.engine.topology import Layer, InputSpec
from keras.layers import Input, Embedding, GRU, LSTM, Dense, Dropout, Bidirectional, TimeDistributed, merge, Lambda, Permute, RepeatVector, Reshape, Activation, Flatten
from keras.models import Model, Sequential
from keras.preprocessing.sequence import pad_sequences
np.random.seed(1337)

class AttLayer(Layer):
    def __init__(self, **kwargs):
        self.init = initializations.get('normal')
        super(AttLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.init((input_shape[-1],))
        self.trainable_weights = [self.W]
        super(AttLayer, self).build(input_shape)

    def call(self, x, mask=None):
        eij = K.tanh(K.dot(x, K.expand_dims(self.W)))
        eij = K.squeeze(eij, -1) if K.ndim(eij) == 3 else eij
        ai = K.exp(eij)
        weights = ai / K.sum(ai, axis=1, keepdims=True)
        weighted_input = x * K.expand_dims(weights)
        return K.sum(weighted_input, axis=1)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], input_shape[-1])


class Attention(Layer):
    """masked, Raffel and Ellis"""
    def __init__(self, step_dim=None, W_regularizer=None, bias=True, W_constraint=None, **kwargs):
        self.supports_masking = True
        self.init = initializations.get('glorot_uniform')
        self.W_regularizer = regularizers.get(W_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.bias = bias
        super(Attention, self).__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight((input_shape[-1],), initializer='uniform', name='{}_W'.format(self.name),
                                 regularizer=self.W_regularizer, constraint=self.W_constraint)
        if self.bias:
            self.b = self.add_weight((input_shape[1],), initializer='zero', name='{}_b'.format(self.name))
        self.built = True

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        eij = K.dot(x, K.reshape(self.W, (-1, 1)))
        eij = K.reshape(eij, (-1, x._keras_shape[1]))
        if self.bias:
            eij += self.b
        eij = K.tanh(eij)
        a = K.exp(eij)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        a = K.expand_dims(a)
        return K.sum(x * a, axis=1)

    def get_output_shape_for(self, input_shape):
        return input_shape[0], input_shape[-1]

MAX_SENT, MAX_SENTS, VOCAB = 6, 4, 30
sentence_input = Input(shape=(MAX_SENT,), dtype='int32')
embedded = Embedding(VOCAB, 8, input_length=MAX_SENT, weights=[np.random.rand(VOCAB, 8)], trainable=False)(sentence_input)
l_lstm = Bidirectional(GRU(5, return_sequences=True))(embedded)
l_dense = TimeDistributed(Dense(10))(l_lstm)
l_att = AttLayer()(l_dense)
sentEncoder = Model(sentence_input, l_att)
review_input = Input(shape=(MAX_SENTS, MAX_SENT), dtype='int32')
review_encoder = TimeDistributed(sentEncoder)(review_input)
l_lstm_sent = Bidirectional(GRU(5, return_sequences=True))(review_encoder)
l_att_sent = AttLayer()(TimeDistributed(Dense(10))(l_lstm_sent))
preds = Dense(2, activation='softmax')(l_att_sent)
model = Model(review_input, preds)
model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['acc'])
x = np.random.randint(0, VOCAB, (16, MAX_SENTS, MAX_SENT))
y = np.eye(2)[np.random.randint(0, 2, 16)]
h = model.fit(x, y, validation_data=(x[:4], y[:4]), nb_epoch=2, batch_size=5, verbose=0)
print(sorted(h.history.keys()), model.predict(x).shape)

inp = Input(shape=(MAX_SENT,), dtype='int32')
e = Embedding(VOCAB, 8, mask_zero=True)(inp)
h = LSTM(7, return_sequences=True)(e)
out = Dense(1, activation='sigmoid')(Attention(W_regularizer='l2')(h))
m2 = Model(input=inp, output=out)
m2.compile('adam', 'binary_crossentropy')
data = pad_sequences([[1, 2, 3], [4, 5], [6], [7, 8, 9, 10, 11, 12]], maxlen=MAX_SENT)
print(m2.train_on_batch(data, np.array([0, 1, 0, 1])) > 0, [w.shape for w in m2.layers[3].get_weights()])

# soft attention by merge and permute
_input = Input(shape=[MAX_SENT], dtype='int32')
activations = LSTM(6, return_sequences=True)(Embedding(input_dim=VOCAB, output_dim=5, input_length=MAX_SENT)(_input))
attention = TimeDistributed(Dense(1, activation='tanh'))(activations)
attention = Flatten()(attention)
attention = Activation('softmax')(attention)
attention = RepeatVector(6)(attention)
attention = Permute([2, 1])(attention)
sent = merge([activations, attention], mode='mul')
sent = Lambda(lambda xin: K.sum(xin, axis=-2), output_shape=(6,))(sent)
probabilities = Dense(3, activation='softmax')(sent)
m3 = Model(input=_input, output=probabilities)
m3.compile('sgd', 'categorical_crossentropy')
a = Model(_input, attention)
print(np.allclose(a.predict(data).sum(1), 1, atol=1e-5), m3.predict(data).sum(1).round(3).tolist())
