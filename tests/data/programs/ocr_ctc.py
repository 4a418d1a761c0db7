from keras import backend as K
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.layers import Input, Dense, Activation, Reshape, Lambda, Permute, merge
from keras.layers.recurrent import GRU
from keras.models import Model
from keras.optimizers import SGD
import numpy as np
import keras.callbacks
img_w, img_h, labels_n, maxlab = 24, 12, 5, 3
def ctc_lambda_func(args):
    y_pred, labels, input_length, label_length = args
    y_pred = y_pred[:, 2:, :]
    return K.ctc_batch_cost(labels, y_pred, input_length, label_length)
if K.image_dim_ordering() == 'th': input_shape = (1, img_w, img_h)
else: input_shape = (img_w, img_h, 1)
input_data = Input(name='the_input', shape=input_shape, dtype='float32')
inner = Convolution2D(4, 3, 3, border_mode='same', activation='relu', init='he_normal', name='conv1')(input_data)
inner = MaxPooling2D(pool_size=(2, 2), name='max1')(inner)
inner = Reshape(target_shape=(img_w // 2, (img_h // 2) * 4), name='reshape')(inner)
inner = Dense(8, activation='relu', name='dense1')(inner)
gru_1 = GRU(8, return_sequences=True, init='he_normal', name='gru1')(inner)
gru_1b = GRU(8, return_sequences=True, go_backwards=True, init='he_normal', name='gru1_b')(inner)
gru1_merged = merge([gru_1, gru_1b], mode='sum')
gru_2 = GRU(8, return_sequences=True, init='he_normal', name='gru2')(gru1_merged)
gru_2b = GRU(8, return_sequences=True, go_backwards=True, init='he_normal', name='gru2_b')(gru1_merged)
inner = Dense(labels_n + 1, init='he_normal', name='dense2')(merge([gru_2, gru_2b], mode='concat'))
y_pred = Activation('softmax', name='softmax')(inner)
Model(input=[input_data], output=y_pred).summary()
labels = Input(name='the_labels', shape=[maxlab], dtype='float32')
input_length = Input(name='input_length', shape=[1], dtype='int64')
label_length = Input(name='label_length', shape=[1], dtype='int64')
loss_out = Lambda(ctc_lambda_func, output_shape=(1,), name='ctc')([y_pred, labels, input_length, label_length])
sgd = SGD(lr=0.02, decay=1e-6, momentum=0.9, nesterov=True, clipnorm=5)
model = Model(input=[input_data, labels, input_length, label_length], output=[loss_out])
model.compile(loss={'ctc': lambda y_true, y_pred: y_pred}, optimizer=sgd)
test_func = K.function([input_data], [y_pred])
def gen():
    r = np.random.RandomState(0)
    while 1:
        n = 8
        yield ({'the_input': r.rand(n, *input_shape), 'the_labels': r.randint(0, labels_n, (n, maxlab)), 'input_length': np.full((n, 1), img_w // 2 - 2), 'label_length': np.full((n, 1), maxlab)}, {'ctc': np.zeros([n])})
h = model.fit_generator(generator=gen(), samples_per_epoch=32, nb_epoch=3, validation_data=gen(), nb_val_samples=16, verbose=2)
out = test_func([np.random.rand(2, *input_shape)])[0]
print(out.shape, h.history['loss'][-1] < h.history['loss'][0])
try:
    d = K.ctc_decode(K.variable(out), K.variable(np.array([12, 12]), dtype='int32'), greedy=True)
    print(K.eval(d[0][0]).shape)
except Exception as e: print('decode', type(e).__name__, e)
