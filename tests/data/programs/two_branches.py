# old style two-branch merges, nested Sequential
import numpy as np
from keras.models import Sequential, Model
from keras.layers import *
from keras.layers.normalization import BatchNormalization
from keras.layers.advanced_activations import PReLU, LeakyReLU
from keras.regularizers import l2, activity_l2
from keras.constraints import maxnorm, nonneg
from keras.utils.np_utils import to_categorical
from keras.preprocessing import sequence
np.random.seed(1337)
left = Sequential(); left.add(Embedding(50, 8, input_length=6, dropout=0.2)); left.add(LSTM(8)); 
right = Sequential(); right.add(Convolution2D(4, 3, 3, input_shape=(3, 8, 8), dim_ordering='th', W_constraint=maxnorm(2))); right.add(PReLU()); right.add(MaxPooling2D((2,2), dim_ordering='th')); right.add(Flatten()); right.add(Dense(8, W_regularizer=l2(.01), activity_regularizer=activity_l2(.01)))
model = Sequential(); model.add(Merge([left, right], mode='mul')); model.add(BatchNormalization()); model.add(LeakyReLU(.1)); model.add(Highway()); model.add(MaxoutDense(6)); model.add(Dense(3, activation='softmax'))
model.compile('nadam', 'categorical_crossentropy', metrics=['acc', 'fmeasure'])
xs = sequence.pad_sequences([list(np.random.randint(1, 50, np.random.randint(2, 9))) for _ in range(40)], maxlen=6)
im = np.random.rand(40, 3, 8, 8); y = to_categorical(np.random.randint(0, 3, 40), 3)
h = model.fit([xs, im], y, nb_epoch=2, batch_size=16, class_weight={0: 1., 1: 2., 2: .5}, validation_data=([xs, im], y), verbose=1)
print(sorted(h.history), model.predict_classes([xs[:3], im[:3]], verbose=0).shape, model.predict_proba([xs[:3], im[:3]], verbose=0).shape)
a = Input((5,), name='a'); b = Input((5,), name='b')
shared = Dense(4, activation='tanh', name='s')
z = merge([shared(a), shared(b)], mode=lambda x: abs(x[0] - x[1]), output_shape=lambda s: s[0], name='l1')
m2 = Model([a, b], [Dense(1, activation='sigmoid', name='o1')(z), Dense(2, name='o2')(z)])
m2.compile('adadelta', {'o1': 'binary_crossentropy', 'o2': 'mse'}, loss_weights={'o1': 1., 'o2': .1}, metrics={'o1': 'accuracy'})
print(m2.metrics_names, m2.train_on_batch({'a': np.ones((4, 5)), 'b': np.zeros((4, 5))}, {'o1': np.ones((4, 1)), 'o2': np.zeros((4, 2))}))
m2.get_layer('s').trainable = False
for l in m2.layers: print(l.name, l.output_shape, len(l.get_weights()))
model.summary()
