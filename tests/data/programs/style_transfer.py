'''neural style and deep dream, small'''
from __future__ import print_function
from scipy.misc import imread, imresize, imsave
from scipy.optimize import fmin_l_bfgs_b
import numpy as np
import time, os
from keras.models import Model, Sequential
from keras.layers import Convolution2D, ZeroPadding2D, AveragePooling2D, MaxPooling2D, Input
from keras import backend as K
np.random.seed(0)
img_width = img_height = 16
imsave('base.png', np.random.randint(0, 255, (20, 20, 3)).astype('uint8'))
assert K.image_dim_ordering() in {'tf', 'th'}
img_size = (img_height, img_width, 3) if K.image_dim_ordering() == 'tf' else (3, img_height, img_width)

def preprocess_image(image_path):
    img = imresize(imread(image_path), (img_height, img_width)).astype('float64')
    img = img[:, :, ::-1]
    if K.image_dim_ordering() == 'th':
        img = img.transpose((2, 0, 1))
    return np.expand_dims(img, axis=0) - 127.

base_image = K.variable(preprocess_image('base.png'))
style_image = K.variable(preprocess_image('base.png')[:, ::-1])
combination_image = K.placeholder((1,) + img_size)
input_tensor = K.concatenate([base_image, style_image, combination_image], axis=0)


inp = Input(tensor=input_tensor, shape=(3,) + img_size[1:])
x = Convolution2D(4, 3, 3, activation='relu', name='conv1_1')(ZeroPadding2D((1, 1))(inp))
x = AveragePooling2D((2, 2), strides=(2, 2))(x)
x = Convolution2D(6, 3, 3, activation='relu', name='conv2_1', border_mode='same')(x)
model = Model(inp, x)
outputs_dict = dict([(layer.name, layer.output) for layer in model.layers])

def gram_matrix(x):
    assert K.ndim(x) == 3
    if K.image_dim_ordering() == 'th':
        features = K.batch_flatten(x)
    else:
        features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
    return K.dot(features, K.transpose(features))

def style_loss(style, combination):
    return K.sum(K.square(gram_matrix(style) - gram_matrix(combination))) / (4. * (3 ** 2) * ((img_width * img_height) ** 2))

def total_variation_loss(x):
    assert K.ndim(x) == 4
    if K.image_dim_ordering() == 'th':
        a = K.square(x[:, :, :img_height - 1, :img_width - 1] - x[:, :, 1:, :img_width - 1])
        b = K.square(x[:, :, :img_height - 1, :img_width - 1] - x[:, :, :img_height - 1, 1:])
    else:
        a = K.square(x[:, :img_height - 1, :img_width - 1, :] - x[:, 1:, :img_width - 1, :])
        b = K.square(x[:, :img_height - 1, :img_width - 1, :] - x[:, :img_height - 1, 1:, :])
    return K.sum(K.pow(a + b, 1.25))

loss = K.variable(0.)
layer_features = outputs_dict['conv2_1']
loss += 0.025 * K.sum(K.square(layer_features[2, :, :, :] - layer_features[0, :, :, :]))
for layer_name in ['conv1_1', 'conv2_1']:
    f = outputs_dict[layer_name]
    loss += 1. / 2 * style_loss(f[1, :, :, :], f[2, :, :, :])
loss += 1e-5 * total_variation_loss(combination_image)
grads = K.gradients(loss, combination_image)
outputs = [loss]
if type(grads) in {list, tuple}:
    outputs += grads
else:
    outputs.append(grads)
f_outputs = K.function([combination_image], outputs)

def eval_loss_and_grads(x):
    x = x.reshape((1,) + img_size)
    outs = f_outputs([x])
    loss_value = outs[0]
    if len(outs[1:]) == 1:
        grad_values = outs[1].flatten().astype('float64')
    else:
        grad_values = np.array(outs[1:]).flatten().astype('float64')
    return loss_value, grad_values

class Evaluator(object):
    def __init__(self):
        self.loss_value = None
        self.grads_values = None
    def loss(self, x):
        assert self.loss_value is None
        self.loss_value, self.grad_values = eval_loss_and_grads(x)
        return self.loss_value
    def grads(self, x):
        assert self.loss_value is not None
        grad_values = np.copy(self.grad_values)
        self.loss_value = None
        self.grad_values = None
        return grad_values
evaluator = Evaluator()
x = np.random.uniform(0, 255, (1,) + img_size) - 128.
history = []
for i in range(2):
    x, min_val, info = fmin_l_bfgs_b(evaluator.loss, x.flatten(), fprime=evaluator.grads, maxfun=5)
    history.append(float(min_val))
print(history[1] < history[0], time.clock() > 0)
imsave('out.png', np.clip(x.reshape((3, img_height, img_width) if K.image_dim_ordering() == 'th' else (img_height, img_width, 3)), 0, 255).astype('uint8'))
print(os.path.exists('out.png'))
