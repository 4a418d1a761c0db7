import random, json, copy, pickle
from collections import deque, Iterable
import numpy as np
from keras.models import Sequential, model_from_json, Model
from keras.layers import Dense, Lambda, Input, Flatten, merge, Activation
from keras.optimizers import RMSprop, Adam, sgd
from keras import backend as K
random.seed(0); np.random.seed(0)

def clone_model(model, custom_objects={}):
    config = {'class_name': model.__class__.__name__, 'config': model.get_config()}
    clone = __import__('keras.utils.layer_utils', fromlist=['layer_from_config']).layer_from_config(config, custom_objects)
    clone.set_weights(model.get_weights())
    return clone

def huber_loss(y_true, y_pred, clip_value=1.0):
    x = y_true - y_pred
    condition = K.abs(x) < clip_value
    squared_loss = .5 * K.square(x)
    linear_loss = clip_value * (K.abs(x) - .5 * clip_value)
    if K.backend() == 'tensorflow':
        import tensorflow as tf
        if hasattr(tf, 'select'):
            return tf.select(condition, squared_loss, linear_loss)
        return tf.where(condition, squared_loss, linear_loss)
    elif K.backend() == 'theano':
        from theano import tensor as T
        return T.switch(condition, squared_loss, linear_loss)
    return K.switch(condition, squared_loss, linear_loss)

def build_dueling(n_in, nb_actions):
    model = Sequential([Dense(8, input_dim=n_in, activation='relu'), Dense(nb_actions)])
    layer = model.layers[-2]
    y = Dense(nb_actions + 1, activation='linear')(layer.output)
    outputlayer = Lambda(lambda a: K.expand_dims(a[:, 0], dim=-1) + a[:, 1:] - K.mean(a[:, 1:], keepdims=True), output_shape=(nb_actions,))(y)
    return Model(input=model.input, output=outputlayer)

model = build_dueling(4, 2)
target = clone_model(Sequential([Dense(3, input_dim=4)]))
model.compile(optimizer='sgd', loss='mse')

def clipped_masked_error(args):
    y_true, y_pred, mask = args
    loss = huber_loss(y_true, y_pred, 1.)
    loss *= mask
    return K.sum(loss, axis=-1)
y_pred = model.output
y_true = Input(name='y_true', shape=(2,))
mask = Input(name='mask', shape=(2,))
loss_out = Lambda(clipped_masked_error, output_shape=(1,), name='loss')([y_pred, y_true, mask])
ins = [model.input] if type(model.input) is not list else model.input
trainable_model = Model(input=ins + [y_true, mask], output=[loss_out, y_pred])
combined_metrics = {trainable_model.output_names[1]: [lambda a, b: K.mean(K.max(b, axis=-1))]}
losses = [lambda y_true, y_pred: y_pred, lambda y_true, y_pred: K.zeros_like(y_pred)]
trainable_model.compile(optimizer=Adam(lr=.01, clipnorm=1.), loss=losses, metrics=combined_metrics)
memory = deque(maxlen=100)
for i in range(40):
    s = np.random.rand(4)
    memory.append((s, random.randint(0, 1), random.random(), np.random.rand(4), bool(i % 2)))
for step in range(3):
    batch = random.sample(list(memory), 8)
    S = np.array([e[0] for e in batch]); S2 = np.array([e[3] for e in batch])
    q = model.predict_on_batch(S2).max(axis=1)
    targets, masks, dummy = np.zeros((8, 2)), np.zeros((8, 2)), np.zeros((8,))
    for idx, e in enumerate(batch):
        targets[idx, e[1]] = e[2] + .9 * q[idx] * (not e[4]); masks[idx, e[1]] = 1.
        dummy[idx] = targets[idx, e[1]]
    metrics = trainable_model.train_on_batch([S, targets, masks], [dummy, targets])
print(len(metrics), trainable_model.metrics_names[:2], isinstance(memory, Iterable))
K.set_value(trainable_model.optimizer.lr, 0.5 * K.get_value(trainable_model.optimizer.lr))
print(round(float(K.get_value(trainable_model.optimizer.lr)), 4))
pickle.dump(model.get_weights(), open('weights.pkl', 'w'))
print(len(pickle.load(open('weights.pkl'))))
