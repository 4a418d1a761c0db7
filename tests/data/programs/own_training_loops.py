import numpy as np
from keras import backend as K
from keras.models import Sequential, Model
from keras.layers import Dense, Input, Activation, Lambda, merge
from keras.optimizers import SGD, Adam, Optimizer, RMSprop
from keras.objectives import mean_squared_error
np.random.seed(0)

class Agent(object):
    def __init__(self, n_in, n_out):
        self.model = Sequential([Dense(6, input_dim=n_in, activation='tanh'), Dense(n_out, activation='softmax')])
        self.build_train_fn()
    def build_train_fn(self):
        action_prob_placeholder = self.model.output
        action_onehot_placeholder = K.placeholder(shape=(None, 2), name="action_onehot")
        discount_reward_placeholder = K.placeholder(shape=(None,), name="discount_reward")
        action_prob = K.sum(action_prob_placeholder * action_onehot_placeholder, axis=1)
        log_action_prob = K.log(action_prob)
        loss = - log_action_prob * discount_reward_placeholder
        loss = K.mean(loss)
        adam = Adam()
        updates = adam.get_updates(params=self.model.trainable_weights, constraints=[], loss=loss)
        self.train_fn = K.function(inputs=[self.model.input, action_onehot_placeholder, discount_reward_placeholder], outputs=[], updates=updates)
a = Agent(4, 2)
before = a.model.get_weights()[0].copy()
out = a.train_fn([np.random.rand(5, 4), np.eye(2)[[0, 1, 0, 1, 1]], np.ones(5)])
print(out, (before != a.model.get_weights()[0]).any())

class Accumulated(Optimizer):
    def __init__(self, lr=0.1, accum=2, **kwargs):
        super(Accumulated, self).__init__(**kwargs)
        self.__dict__.update(locals())
        self.iterations = K.variable(0)
        self.lr = K.variable(lr)
        self.accum = accum
    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        flag = K.equal(self.iterations % self.accum, self.accum - 1)
        flag = K.cast(flag, K.floatx())
        for p, g in zip(params, grads):
            acc = K.zeros(K.get_value(p).shape)
            new = acc + g
            self.updates.append((acc, (1 - flag) * new))
            new_p = p - flag * self.lr * new / float(self.accum)
            if p in constraints:
                new_p = constraints[p](new_p)
            self.updates.append((p, new_p))
        return self.updates
    def get_config(self):
        return {'lr': float(K.get_value(self.lr)), 'accum': self.accum}
m = Sequential([Dense(1, input_dim=2)])
m.compile(Accumulated(), 'mse')
w = [m.get_weights()[0].copy()]
for i in range(4):
    m.train_on_batch(np.ones((2, 2)) * (i + 1), np.zeros((2, 1)))
    w.append(m.get_weights()[0].copy())
print([bool((x != y).any()) for x, y in zip(w, w[1:])])

# saliency and gradients of inputs
model = Sequential([Dense(5, input_dim=3, activation='relu'), Dense(2, activation='softmax')])
loss = K.mean(model.layers[-1].output[:, 1])
grads = K.gradients(loss, model.layers[0].input)[0]
grads /= (K.sqrt(K.mean(K.square(grads))) + 1e-5)
iterate = K.function([model.layers[0].input, K.learning_phase()], [loss, grads])
x = np.random.rand(1, 3)
values = []
for i in range(5):
    loss_value, grads_value = iterate([x, 0])
    x += grads_value * 0.5
    values.append(float(loss_value))
print(values == sorted(values))

# a siamese net with contrastive loss
def euclidean_distance(vects):
    x, y = vects
    return K.sqrt(K.sum(K.square(x - y), axis=1, keepdims=True))
def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)
def contrastive_loss(y_true, y_pred):
    margin = 1
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))
base = Sequential([Dense(4, input_shape=(3,), activation='relu'), Dense(4)])
input_a = Input(shape=(3,)); input_b = Input(shape=(3,))
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)([base(input_a), base(input_b)])
siam = Model(input=[input_a, input_b], output=distance)
siam.compile(loss=contrastive_loss, optimizer=RMSprop())
pairs = np.random.rand(10, 2, 3)
siam.fit([pairs[:, 0], pairs[:, 1]], np.random.randint(0, 2, 10), batch_size=4, nb_epoch=1, verbose=0)
print(siam.predict([pairs[:, 0], pairs[:, 1]]).shape)
