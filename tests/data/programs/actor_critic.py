import numpy as np, gc
import keras, keras.backend as K, keras.optimizers as optimizers
from keras.models import Sequential, Model, model_from_config
from keras.layers import Dense, Activation, Flatten, Input, Lambda, merge
from keras.optimizers import Adam
def clone_model(model, custom_objects={}):
    config = {'class_name': model.__class__.__name__, 'config': model.get_config()}
    clone = model_from_config(config, custom_objects=custom_objects); clone.set_weights(model.get_weights()); return clone
class AdditionalUpdatesOptimizer(optimizers.Optimizer):
    def __init__(self, optimizer, additional_updates):
        super(AdditionalUpdatesOptimizer, self).__init__(); self.optimizer = optimizer; self.additional_updates = additional_updates
    def get_updates(self, params, constraints, loss):
        updates = self.optimizer.get_updates(params, constraints, loss); updates += self.additional_updates; self.updates = updates; return self.updates
    def get_config(self): return self.optimizer.get_config()
def soft(target, source, tau):
    return [(tw, tau * sw + (1. - tau) * tw) for tw, sw in zip(target.trainable_weights + sum([l.non_trainable_weights for l in target.layers], []), source.trainable_weights + sum([l.non_trainable_weights for l in source.layers], []))]
nb_actions = 3
actor = Sequential([Flatten(input_shape=(1, 4)), Dense(8), Activation('relu'), Dense(nb_actions), Activation('linear')])
action_in = Input(shape=(nb_actions,), name='action_input'); obs = Input(shape=(1, 4), name='observation_input')
x = merge([action_in, Flatten()(obs)], mode='concat'); x = Dense(8, activation='relu')(x); critic = Model(input=[action_in, obs], output=Dense(1)(x))
target = clone_model(actor); target.compile('sgd', 'mse'); tcritic = clone_model(critic); tcritic.compile('sgd', 'mse')
def clipped(y_true, y_pred): return K.mean(K.minimum(K.square(y_true - y_pred), K.abs(y_true - y_pred)), axis=-1)
critic.compile(optimizer=AdditionalUpdatesOptimizer(Adam(.01), soft(tcritic, critic, .1)), loss=clipped, metrics=[lambda y, p: K.mean(K.max(p, axis=-1))])
w0 = [w.copy() for w in tcritic.get_weights()]
print(critic.train_on_batch([np.random.rand(5, 3), np.random.rand(5, 1, 4)], np.random.rand(5, 1)))
print('target moved', any(not np.allclose(a, b) for a, b in zip(w0, tcritic.get_weights())))
# actor train by gradient of the critic
combined = critic([actor(obs), obs])
params = actor.trainable_weights
opt = Adam(.01); updates = opt.get_updates(params, actor.constraints if hasattr(actor, 'constraints') else {}, -K.mean(combined))
inputs = [obs]
if actor.uses_learning_phase: inputs += [K.learning_phase()]
fn = K.function(inputs, [actor(obs)], updates=updates)
a0 = actor.get_weights()[0].copy(); fn([np.random.rand(5, 1, 4)]); print('actor moved', not np.allclose(a0, actor.get_weights()[0]))
y_pred = actor.output; y_true = Input(name='y_true', shape=(nb_actions,)); mask = Input(name='mask', shape=(nb_actions,))
def f(args):
    y_true, y_pred, mask = args
    return K.sum(K.square(y_true - y_pred) * mask, axis=-1)
loss_out = Lambda(f, output_shape=(1,), name='loss')([y_pred, y_true, mask])
tm = Model(input=[actor.input, y_true, mask], output=[loss_out, y_pred])
tm.compile(optimizer=Adam(lr=.001), loss=[lambda y_true, y_pred: y_pred, lambda y_true, y_pred: K.zeros_like(y_pred)], metrics={actor.name if 0 else tm.output_names[1]: [lambda y, p: K.mean(K.max(p, -1))]})
print(len(tm.train_on_batch([np.random.rand(5, 1, 4), np.zeros((5, 3)), np.ones((5, 3))], [np.zeros(5), np.zeros((5, 3))])), tm.metrics_names[:3])
