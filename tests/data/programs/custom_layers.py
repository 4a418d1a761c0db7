import numpy as np
from keras import backend as K, initializations, regularizers, constraints, activations
from keras.engine.topology import Layer, InputSpec
from keras.layers import Input, LSTM, Dense, TimeDistributed, Bidirectional, Masking, Wrapper, Recurrent, GRU
from keras.models import Model, Sequential
class AttLayer(Layer):
    def __init__(self, **kwargs):
        self.init = initializations.get('normal'); self.supports_masking = True
        super(AttLayer, self).__init__(**kwargs)
    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.init((input_shape[-1],)); self.trainable_weights = [self.W]
        super(AttLayer, self).build(input_shape)
    def call(self, x, mask=None):
        eij = K.tanh(K.squeeze(K.dot(x, K.expand_dims(self.W)), -1))
        ai = K.exp(eij)
        if mask is not None: ai *= K.cast(mask, K.floatx())
        weights = ai / K.cast(K.sum(ai, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(weights), axis=1)
    def compute_mask(self, x, mask=None): return None
    def get_output_shape_for(self, input_shape): return (input_shape[0], input_shape[-1])
class LayerNorm1D(Layer):
    def __init__(self, eps=1e-6, **kwargs): super(LayerNorm1D, self).__init__(**kwargs); self.eps = eps
    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        self.gamma = self.add_weight(input_shape[1:], initializer='one', trainable=True, name='%s_gamma' % self.name)
        self.beta = self.add_weight(shape=input_shape[1:], initializer=lambda s, name=None: K.zeros(s, name=name), regularizer=regularizers.l2(.01), name='{}_beta'.format(self.name))
        super(LayerNorm1D, self).build(input_shape)
    def call(self, x, mask=None): return self.gamma * (x - K.mean(x, axis=-1, keepdims=True)) / (K.std(x, axis=-1, keepdims=True) + self.eps) + self.beta
class MinimalRNN(Recurrent):
    def __init__(self, output_dim, **kwargs): self.output_dim = output_dim; super(MinimalRNN, self).__init__(**kwargs)
    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]; self.states = [None]
        self.W = self.add_weight((input_shape[2], self.output_dim), initializer='glorot_uniform', name='W'); self.U = self.add_weight((self.output_dim, self.output_dim), initializer='orthogonal', name='U')
        self.built = True
    def step(self, x, states):
        h = K.tanh(K.dot(x, self.W) + K.dot(states[0], self.U)); return h, [h]
    def get_config(self): return dict(list(super(MinimalRNN, self).get_config().items()) + [('output_dim', self.output_dim)])
x = Input((6, 5)); h = Masking()(x); h = Bidirectional(GRU(4, return_sequences=True))(h); h = AttLayer()(h); h = LayerNorm1D()(h)
m = Model(x, Dense(1)(h)); m.compile('rmsprop', 'mse'); X = np.random.rand(8, 6, 5); X[:, 4:] = 0
w0 = m.get_weights(); m.fit(X, np.ones((8, 1)), nb_epoch=2, verbose=0); print([not np.allclose(a, b) for a, b in zip(w0, m.get_weights())].count(True), len(w0))
m = Sequential([MinimalRNN(3, input_shape=(6, 5), return_sequences=True), MinimalRNN(2)]); m.compile('sgd', 'mse'); print(m.evaluate(np.random.rand(4, 6, 5), np.zeros((4, 2)), verbose=0) > 0, m.output_shape)
m.save('c.h5'); from keras.models import load_model; print(np.allclose(load_model('c.h5', custom_objects={'MinimalRNN': MinimalRNN}).predict(X), m.predict(X)))
class GradReg(regularizers.Regularizer):
    def __call__(self, x): return 0.1 * K.sum(K.abs(x))
    def get_config(self): return {'name': 'GradReg'}
class UnitSum(constraints.Constraint):
    def __call__(self, p): return p / (K.sum(K.abs(p)) + K.epsilon())
m = Sequential([Dense(3, input_dim=4, W_regularizer=GradReg(), W_constraint=UnitSum(), init=lambda shape, name=None: K.variable(np.ones(shape) * .1, name=name), activation=lambda t: K.relu(t, alpha=.1))])
m.compile('adam', lambda a, b: K.mean(K.square(a - b)) if 0 else K.mean(K.square(a - b), axis=-1), metrics=[lambda a, b: K.mean(b)]); m.train_on_batch(np.ones((2, 4)), np.ones((2, 3))); print(round(float(np.abs(m.get_weights()[0]).sum()), 4))
inp = m.input; sal = K.function([inp], K.gradients(K.sum(m.output), [inp])); print(sal([np.ones((2, 4))])[0].shape)
get = K.function([m.layers[0].input, K.learning_phase()], [m.layers[0].output]); print(get([np.ones((2, 4)), 0])[0].shape)
