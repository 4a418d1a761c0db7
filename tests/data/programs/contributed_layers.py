# contributed layers with private helpers, as of keras-contrib and forks
import numpy as np
from keras import backend as K
from keras.backend import common
from keras import activations, initializations, regularizers, constraints
from keras.engine import Layer, InputSpec
from keras.utils.np_utils import conv_output_length
from keras.layers import Input, Dense
from keras.models import Model, Sequential
from keras.utils.test_utils import layer_test, keras_test
np.random.seed(0)
if K._BACKEND == 'theano':
    from keras.backend.theano_backend import _preprocess_conv2d_input, _postprocess_conv2d_output, _preprocess_border_mode, _preprocess_conv2d_kernel, _preprocess_conv2d_image_shape, th_sparse_module
    import theano.tensor as T
    def conv(x, kernel, o):
        y = T.nnet.conv2d(_preprocess_conv2d_input(x, o), _preprocess_conv2d_kernel(kernel, o), border_mode=_preprocess_border_mode('same'), input_shape=_preprocess_conv2d_image_shape(o, None), filter_flip=False)
        return _postprocess_conv2d_output(y, x, 'same', (4, 3, 3, 3), (1, 1), o)
elif K._BACKEND == 'tensorflow':
    import tensorflow as tf
    from keras.backend.tensorflow_backend import _preprocess_conv2d_input, _postprocess_conv2d_output, _preprocess_border_mode, _preprocess_conv2d_kernel
    def conv(x, kernel, o):
        y = tf.nn.conv2d(_preprocess_conv2d_input(x, o), _preprocess_conv2d_kernel(kernel, o), [1, 1, 1, 1], padding=_preprocess_border_mode('same'))
        return _postprocess_conv2d_output(y, o)
else:
    from keras.backend.tensorflow_backend import _preprocess_conv2d_input, _postprocess_conv2d_output, _preprocess_conv2d_kernel
    def conv(x, kernel, o):
        y = K.conv2d(_preprocess_conv2d_input(x, o), _preprocess_conv2d_kernel(kernel, o), border_mode='same', dim_ordering='tf')
        return _postprocess_conv2d_output(y, o)

class CosineLike(Layer):
    def __init__(self, nb_filter, dim_ordering='default', W_learning_rate_multiplier=None, **kwargs):
        self.nb_filter = nb_filter
        self.dim_ordering = K.image_dim_ordering() if dim_ordering == 'default' else dim_ordering
        self.input_spec = [InputSpec(ndim=4)]
        super(CosineLike, self).__init__(**kwargs)
    def build(self, s):
        shape = (3, 3, s[3], self.nb_filter) if self.dim_ordering == 'tf' else (self.nb_filter, s[1], 3, 3)
        self.W = self.add_weight(shape, initializer='glorot_uniform', name='{}_W'.format(self.name))
        self.built = True
    def call(self, x, mask=None):
        return conv(x, self.W, self.dim_ordering)
    def get_output_shape_for(self, s):
        return (s[0], s[1], s[2], self.nb_filter) if self.dim_ordering == 'tf' else (s[0], self.nb_filter, s[2], s[3])
    def get_config(self):
        return dict(list(super(CosineLike, self).get_config().items()) + [('nb_filter', self.nb_filter), ('dim_ordering', self.dim_ordering)])
from keras.layers import Convolution2D
for o in ('tf', 'th'):
    shape = (6, 6, 3) if o == 'tf' else (3, 6, 6)
    x = Input(shape)
    c = Convolution2D(4, 3, 3, border_mode='same', dim_ordering=o, bias=False)
    a, b = Model(x, CosineLike(4, dim_ordering=o)(x)), Model(x, c(x))
    b.set_weights(a.get_weights())
    d = np.random.rand(2, *shape)
    print(o, np.allclose(a.predict(d), b.predict(d), atol=1e-5))
    print(layer_test(CosineLike, kwargs={'nb_filter': 4, 'dim_ordering': o}, input_shape=(2,) + shape).shape)

class Scale(Layer):
    """of the DenseNet and ResNet-101 ports"""
    def __init__(self, weights=None, axis=-1, momentum=0.9, beta_init='zero', gamma_init='one', **kwargs):
        self.momentum = momentum; self.axis = axis
        self.beta_init = initializations.get(beta_init); self.gamma_init = initializations.get(gamma_init)
        self.initial_weights = weights
        super(Scale, self).__init__(**kwargs)
    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        shape = (int(input_shape[self.axis]),)
        self.gamma = K.variable(self.gamma_init(shape), name='%s_gamma' % self.name)
        self.beta = K.variable(self.beta_init(shape), name='%s_beta' % self.name)
        self.trainable_weights = [self.gamma, self.beta]
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights
    def call(self, x, mask=None):
        input_shape = self.input_spec[0].shape
        broadcast_shape = [1] * len(input_shape)
        broadcast_shape[self.axis] = input_shape[self.axis]
        return K.reshape(self.gamma, broadcast_shape) * x + K.reshape(self.beta, broadcast_shape)
    def get_config(self):
        return dict(list(super(Scale, self).get_config().items()) + [("momentum", self.momentum), ("axis", self.axis)])
m = Sequential([Scale(input_shape=(4, 3), axis=1)]); m.compile('sgd', 'mse'); m.train_on_batch(np.ones((2, 4, 3)), np.zeros((2, 4, 3)))
print([w.shape for w in m.get_weights()])

class LRN(Layer):
    def __init__(self, alpha=1e-4, k=2, beta=0.75, n=5, **kwargs):
        self.alpha, self.k, self.beta, self.n = alpha, k, beta, n
        super(LRN, self).__init__(**kwargs)
    def call(self, x, mask=None):
        b, ch, r, c = K.shape(x)[0], x._keras_shape[1], x._keras_shape[2], x._keras_shape[3]
        half_n = self.n // 2
        input_sqr = K.square(x)
        extra = K.zeros_like(input_sqr[:, :half_n])
        input_sqr = K.concatenate([extra, input_sqr, extra], axis=1)
        scale = self.k
        for i in range(self.n):
            scale += self.alpha * input_sqr[:, i:i + ch, :, :]
        scale = scale ** self.beta
        return x / scale
x = Input((6, 4, 4)); print(Model(x, LRN()(x)).predict(np.ones((1, 6, 4, 4))).shape)

class PoolHelper(Layer):
    def call(self, x, mask=None):
        return x[:, :, 1:, 1:]
    def get_output_shape_for(self, s):
        return (s[0], s[1], s[2] - 1, s[3] - 1)
print(Model(x, PoolHelper()(x)).output_shape, K._EPSILON < 1, K._LEARNING_PHASE is not None, isinstance(K.function([x], [x]), K.Function))

class KMaxPooling(Layer):
    def __init__(self, k, axis, **kwargs):
        self.k, self.axis = k, axis
        super(KMaxPooling, self).__init__(**kwargs)
    def call(self, x, mask=None):
        top = []
        for i in range(self.k):
            top.append(K.max(x, axis=self.axis, keepdims=True))
            x = x - K.cast(K.equal(x, top[-1]), K.floatx()) * 1e6
        return K.concatenate(top, axis=self.axis)
    def get_output_shape_for(self, s):
        l = list(s); l[self.axis] = self.k; return tuple(l)
y = Input((5, 2)); print(Model(y, KMaxPooling(2, 1)(y)).predict(np.arange(10.).reshape(1, 5, 2)).tolist())
@keras_test
def test_it():
    layer_test(Dense, kwargs={'output_dim': 3}, input_shape=(3, 2))
test_it()
