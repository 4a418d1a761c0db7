# a variational layer as written for Keras 0.3-1.0 on Theano
import numpy as np
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams as SharedStreams
from theano import config
import keras.backend as K
from keras.engine import Layer
from keras.layers import Input, Dense, Lambda
from keras.models import Model, Sequential
floatX = theano.config.floatX

class Noise(Layer):
    def __init__(self, sigma, **kwargs):
        self.sigma = sigma
        self.srng = RandomStreams(seed=np.random.randint(10e6))
        self.uses_learning_phase = True
        super(Noise, self).__init__(**kwargs)
    def call(self, x, mask=None):
        noise = x + self.srng.normal(size=x.shape, avg=0.0, std=self.sigma, dtype=floatX)
        return K.in_train_phase(noise, x)
    def get_config(self):
        return dict(list(super(Noise, self).get_config().items()) + [('sigma', self.sigma)])

class Highway2(Layer):
    def build(self, input_shape):
        n = input_shape[1]
        self.W = theano.shared(np.eye(n).astype(floatX), name='W')
        self.b = theano.shared(np.zeros(n, dtype=floatX), name='b', borrow=True)
        self.trainable_weights = [self.W, self.b]
    def call(self, x, mask=None):
        return T.nnet.relu(T.dot(x, self.W) + self.b) + T.switch(T.gt(x, 0), x, 0.1 * x)

x = Input((4,))
y = Highway2()(Noise(0.5)(x))
model = Model(x, Dense(1)(y))
model.compile('sgd', 'mse')
X = np.random.rand(8, 4).astype(floatX)
first = model.train_on_batch(X, np.ones((8, 1)))
f = K.function([x, K.learning_phase()], [y])
print(np.allclose(f([X, 0])[0], f([X, 0])[0]), np.allclose(f([X, 1])[0], f([X, 1])[0]), np.isfinite(first))
old = SharedStreams(234)
draw = theano.function([], old.binomial(size=(3, 5), n=1, p=0.5, dtype=floatX))
print(draw().shape, sorted(set(draw().ravel().tolist() + [0., 1.])))
# a training loop of one's own
w = theano.shared(np.zeros((4, 1), dtype=floatX))
tx, ty = T.matrix('x'), T.matrix('y')
cost = T.mean(T.sqr(T.dot(tx, w) - ty))
g = T.grad(cost=cost, wrt=w)
train = theano.function(inputs=[tx, ty], outputs=cost, updates=[(w, w - 0.1 * g)], allow_input_downcast=True)
costs = [float(train(X, np.ones((8, 1)))) for _ in range(20)]
print(costs[-1] < costs[0])
