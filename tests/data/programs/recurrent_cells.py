import numpy as np
from keras import backend as K
from keras import activations, initializations, regularizers
from keras.engine import Layer, InputSpec
from keras.layers import LSTM, GRU, SimpleRNN, Recurrent, Input, Dense, TimeDistributed, Embedding, Masking
from keras.layers.recurrent import Recurrent, time_distributed_dense
from keras.models import Model, Sequential
np.random.seed(1)

class AttentionLSTM(LSTM):
    def __init__(self, output_dim, attention_vec, attn_activation='tanh', single_attention_param=False, **kwargs):
        self.attention_vec = attention_vec
        self.attn_activation = activations.get(attn_activation)
        self.single_attention_param = single_attention_param
        super(AttentionLSTM, self).__init__(output_dim, **kwargs)

    def build(self, input_shape):
        super(AttentionLSTM, self).build(input_shape)
        if hasattr(self.attention_vec, '_keras_shape'):
            attention_dim = self.attention_vec._keras_shape[1]
        else:
            raise Exception('Layer could not be build: No information about expected input shape.')
        self.U_a = self.inner_init((self.output_dim, self.output_dim), name='{}_U_a'.format(self.name))
        self.b_a = K.zeros((self.output_dim,), name='{}_b_a'.format(self.name))
        self.U_m = self.inner_init((attention_dim, self.output_dim), name='{}_U_m'.format(self.name))
        self.b_m = K.zeros((self.output_dim,), name='{}_b_m'.format(self.name))
        self.U_s = self.inner_init((self.output_dim, self.output_dim), name='{}_U_s'.format(self.name))
        self.b_s = K.zeros((self.output_dim,), name='{}_b_s'.format(self.name))
        self.trainable_weights += [self.U_a, self.U_m, self.U_s, self.b_a, self.b_m, self.b_s]
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights

    def step(self, x, states):
        h, [h, c] = super(AttentionLSTM, self).step(x, states)
        attention = states[4]
        m = self.attn_activation(K.dot(h, self.U_a) + attention + self.b_a)
        s = K.sigmoid(K.dot(m, self.U_s) + self.b_s)
        if self.single_attention_param:
            h = h * K.repeat_elements(s, self.output_dim, axis=1)
        else:
            h = h * s
        return h, [h, c]

    def get_constants(self, x):
        constants = super(AttentionLSTM, self).get_constants(x)
        constants.append(K.dot(self.attention_vec, self.U_m) + self.b_m)
        return constants

a, b = Input((5, 3)), Input((7,))
y = AttentionLSTM(4, b, return_sequences=True)(a)
model = Model([a, b], TimeDistributed(Dense(2))(y))
model.compile('adam', 'mse')
model.fit([np.random.rand(6, 5, 3), np.random.rand(6, 7)], np.random.rand(6, 5, 2), nb_epoch=1, batch_size=3, verbose=0)
print(model.predict([np.random.rand(2, 5, 3), np.random.rand(2, 7)]).shape, len(model.layers[2].trainable_weights))

class MyRNN(Recurrent):
    '''a GRU-like cell from scratch'''
    def __init__(self, output_dim, init='glorot_uniform', inner_init='orthogonal', activation='tanh', **kwargs):
        self.output_dim = output_dim
        self.init = initializations.get(init)
        self.inner_init = initializations.get(inner_init)
        self.activation = activations.get(activation)
        super(MyRNN, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        self.input_dim = input_shape[2]
        if self.stateful:
            self.reset_states()
        else:
            self.states = [None]
        self.W = self.init((self.input_dim, self.output_dim), name='{}_W'.format(self.name))
        self.U = self.inner_init((self.output_dim, self.output_dim), name='{}_U'.format(self.name))
        self.b = K.zeros((self.output_dim,), name='{}_b'.format(self.name))
        self.trainable_weights = [self.W, self.U, self.b]

    def reset_states(self):
        input_shape = self.input_spec[0].shape
        if hasattr(self, 'states'):
            K.set_value(self.states[0], np.zeros((input_shape[0], self.output_dim)))
        else:
            self.states = [K.zeros((input_shape[0], self.output_dim))]

    def preprocess_input(self, x):
        if self.consume_less == 'cpu':
            input_shape = self.input_spec[0].shape
            return time_distributed_dense(x, self.W, self.b, None, input_shape[2], self.output_dim, input_shape[1])
        return x

    def step(self, x, states):
        h = x if self.consume_less == 'cpu' else K.dot(x, self.W) + self.b
        output = self.activation(h + K.dot(states[0], self.U))
        return output, [output]

    def get_config(self):
        base_config = super(MyRNN, self).get_config()
        return dict(list(base_config.items()) + [('output_dim', self.output_dim)])

for kw in ({}, {'consume_less': 'mem'}, {'stateful': True}, {'go_backwards': True}, {'unroll': True}):
    np.random.seed(0)
    m = Sequential([Masking(batch_input_shape=(2, 4, 3)), MyRNN(3, return_sequences=True, **kw), SimpleRNN(2)])
    m.compile('sgd', 'mse')
    x = np.random.rand(2, 4, 3); x[0, 2:] = 0
    p = m.predict(x, batch_size=2); q = m.predict(x, batch_size=2)
    m.train_on_batch(x, np.zeros((2, 2)))
    print(sorted(kw), np.round(p, 3).ravel()[:2].tolist() == np.round(q, 3).ravel()[:2].tolist())

# an encoder and decoder that reads its own output
class Decoder(Recurrent):
    def __init__(self, output_dim, length, **kw):
        self.output_dim = output_dim; self.length = length
        kw['return_sequences'] = True
        super(Decoder, self).__init__(**kw)
        self.input_spec = [InputSpec(ndim=2)]
    def build(self, s):
        self.input_spec = [InputSpec(shape=s)]
        self.U = self.add_weight((s[1], self.output_dim), initializer='uniform', name='U')
        self.R = self.add_weight((self.output_dim, self.output_dim), initializer='orthogonal', name='R')
        self.states = [None]
        self.built = True
    def get_output_shape_for(self, s):
        return (s[0], self.length, self.output_dim)
    def step(self, x, states):
        h = K.tanh(K.dot(x, self.U) + K.dot(states[0], self.R))
        return h, [h]
    def call(self, x, mask=None):
        X = K.permute_dimensions(K.repeat(x, self.length), (0, 1, 2))
        zeros = K.zeros_like(K.dot(x, self.U))
        last, outs, states = K.rnn(self.step, X, [zeros], input_length=self.length)
        return outs
m = Sequential([GRU(5, input_shape=(4, 3)), Decoder(2, 6)])
m.compile('sgd', 'mse'); m.train_on_batch(np.ones((2, 4, 3)), np.ones((2, 6, 2)))
print(m.predict(np.ones((2, 4, 3))).shape)
