# models that keep their own optimizers, that delegate, that share layers
import numpy as np
from keras import backend as K
from keras.models import Model, Sequential
from keras.layers import Input, Dense, LSTM, Bidirectional, Dropout, merge, Lambda, Embedding, TimeDistributed, GRU, Activation, Layer, Flatten
from keras.optimizers import Adam, SGD
import keras.optimizers as optimizers
import keras.objectives as objectives
from keras.engine.training import make_batches, standardize_input_data, slice_X, batch_shuffle, collect_metrics
from keras.callbacks import CallbackList, History, BaseLogger, Callback
np.random.seed(0)

class AdversarialModel(Model):
    """as of keras-adversarial: players with optimizers of their own"""
    def __init__(self, base_model, player_params, player_names):
        assert len(player_params) == len(player_names)
        self.player_params = player_params
        self.player_names = player_names
        self.base_model = base_model
        self.layers = []
        super(AdversarialModel, self).__init__(base_model.inputs, base_model.outputs)
    def adversarial_compile(self, player_optimizers, loss):
        self.player_optimizers = [optimizers.get(o) for o in player_optimizers]
        self.loss = objectives.get(loss)
        self.optimizer = None
        self.compile('sgd', loss)
        self.optimizer = None
        self._function_kwargs = {}
        self.train_function = None
    def _make_train_function(self):
        if getattr(self, 'train_function', None) is None:
            inputs = self.inputs + self.targets + self.sample_weights
            if self.uses_learning_phase and type(K.learning_phase()) is not int:
                inputs += [K.learning_phase()]
            updates = []
            for params, opt in zip(self.player_params, self.player_optimizers):
                updates += opt.get_updates(params, {}, self.total_loss)
            self.train_function = K.function(inputs, [self.total_loss] + self.metrics_tensors, updates=updates + self.updates)
x = Input((4,)); first, second = Dense(5, activation='relu'), Dense(2)
base = Model([x], [second(Dropout(0.1)(first([x])))])
m = AdversarialModel(base, [first.trainable_weights, second.trainable_weights], ['a', 'b'])
m.adversarial_compile([Adam(1e-2), SGD(0.1)], 'mse')
before = [w.copy() for w in m.get_weights()]
h = m.fit(np.random.rand(12, 4), np.random.rand(12, 2), nb_epoch=2, batch_size=4, verbose=0)
print(all((a != b).any() for a, b in zip(before, m.get_weights())), len(h.history['loss']), np.isfinite(m.test_on_batch(np.random.rand(4, 4), np.random.rand(4, 2))))

class Wrapped(Model):
    def __init__(self, model):
        self.inner = model
        self.history_of_mine = []
    def train(self, x, y):
        self.history_of_mine.append(self.inner.train_on_batch(x, y)); return self
base.compile('sgd', 'mse')
w = Wrapped(base).train(np.ones((2, 4)), np.ones((2, 2)))
print(len(w.history_of_mine), w.name[:7])

# a shared encoder over two lengths
emb = Embedding(20, 6, mask_zero=True)
enc = Bidirectional(LSTM(4))
q, a = Input((5,), dtype='int32', name='q'), Input((9,), dtype='int32', name='a')
eq, ea = enc(emb(q)), enc(emb(a))
sim = merge([eq, ea], mode='cos', dot_axes=1)
score = Activation('sigmoid')(Lambda(lambda t: K.reshape(t, (-1, 1)), output_shape=((1,),))(sim)) 
qa = Model([q, a], score)
qa.compile(optimizer='adam', loss={score._keras_history[0].name: 'binary_crossentropy'}, metrics={score._keras_history[0].name: 'acc'})
print(qa.train_on_batch({'q': np.random.randint(0, 20, (6, 5)), 'a': np.random.randint(0, 20, (6, 9))}, np.array([0, 1, 0, 1, 1, 0]))[0] > 0)

# ranking by a margin, with merge inside a Lambda and unknown shapes
def margin(x):
    good, bad = x
    return K.maximum(1e-6, 0.2 - good + bad)
g, b = Input((3,)), Input((3,))
scorer = Sequential([Dense(1, input_dim=(3,))]) 
loss = merge([scorer(g), scorer([b])], mode=margin, output_shape=lambda s: s[0])
rank = Model([g, b], loss); rank.compile('sgd', lambda y_true, y_pred: K.mean(y_pred + 0 * y_true, axis=-1))
print(rank.fit([np.ones((4, 3)), np.zeros((4, 3))], np.zeros(4), nb_epoch=1, verbose=0).__class__.__name__)

class TwoOut(Layer):
    def call(self, x, mask=None):
        return [K.mean(x, axis=1), K.max(x, axis=1)]
    def get_output_shape_for(self, s):
        return [(s[0], s[2]), None]
    def compute_mask(self, x, mask=None):
        return [None, None]
z = Input((4, 3)); mean, mx = TwoOut()(z)
t = Model(z, merge([mean, mx], mode='concat'))
print(t.predict(np.ones((2, 4, 3))).shape)

# own fit loop on Keras's helpers
data = standardize_input_data(np.random.rand(10, 4), ['x'], [(None, 4)], exception_prefix='input')
print(make_batches(10, 4), slice_X(data, 0, 3)[0].shape, len(batch_shuffle(np.arange(10), 4)))
history = History(); cl = CallbackList([BaseLogger(), history]); (cl._set_model if hasattr(cl, '_set_model') else cl.set_model)(base)
cl._set_params({'batch_size': 4, 'nb_epoch': 1, 'nb_sample': 10, 'verbose': 0, 'do_validation': False, 'metrics': ['loss']}) if hasattr(cl, '_set_params') else cl.set_params({'metrics': ['loss'], 'nb_sample': 10})
cl.on_train_begin()
cl.on_epoch_begin(0)
for i, (s, e) in enumerate(make_batches(10, 4)):
    cl.on_batch_begin(i, {'batch': i, 'size': e - s}); l = base.train_on_batch(data[0][s:e], np.zeros((e - s, 2))); cl.on_batch_end(i, {'batch': i, 'size': e - s, 'loss': l})
cl.on_epoch_end(0, {}); cl.on_train_end()
print(list(history.history))
