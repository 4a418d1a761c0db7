import numpy as np
import warnings
from keras.models import Sequential, Model, load_model
from keras.layers import *
from keras.layers import Dense, Input, merge, Merge, Dropout, Activation, Flatten, GlobalAveragePooling2D, Convolution2D, MaxPooling2D, BatchNormalization
from keras.callbacks import Callback, ModelCheckpoint, EarlyStopping, ReduceLROnPlateau, LearningRateScheduler, CSVLogger, LambdaCallback, History
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator
from keras.utils import np_utils
from keras.utils.np_utils import to_categorical
from keras import backend as K
import json, collections
np.random.seed(7)
K.set_image_dim_ordering('tf')

def top_pop(model, n):
    for _ in range(n):
        model.layers.pop()
    model.outputs = [model.layers[-1].output]
    model.layers[-1].outbound_nodes = []
    return model

base = Sequential()
base.add(Convolution2D(4, 3, 3, activation='relu', input_shape=(10, 10, 3), name='block1'))
base.add(MaxPooling2D((2, 2)))
base.add(Flatten(name='flat'))
base.add(Dense(8, activation='relu', name='fc'))
base.add(Dense(5, activation='softmax', name='predictions'))
base.compile('sgd', 'categorical_crossentropy')
base.save_weights('base.h5')
base = top_pop(base, 1)
x = Dense(3, activation='softmax', name='new')(base.outputs[0] if isinstance(base.outputs, list) else base.output)
model = Model(base.input, x)
for layer in model.layers[:-1]:
    layer.trainable = False
model.compile(optimizer=SGD(lr=0.1, momentum=0.9), loss='categorical_crossentropy', metrics=['accuracy'])
frozen = model.layers[1].get_weights()[0].copy()

class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.seen = dict((k, self.params[k]) for k in ('nb_epoch', 'nb_sample', 'verbose', 'do_validation', 'metrics') if k in self.params)
    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))
        assert 'size' in logs and logs['batch'] == batch
    def on_epoch_end(self, epoch, logs={}):
        x_val, y_val = self.model.validation_data[0], self.model.validation_data[1]
        self.f1 = (self.model.predict(x_val, verbose=0).argmax(1) == y_val.argmax(1)).mean()

X = np.random.rand(24, 10, 10, 3); Y = np_utils.to_categorical(np.random.randint(0, 3, 24), 3)
hist = LossHistory()
cbs = [hist, ModelCheckpoint('w.{epoch:02d}-{val_loss:.2f}.hdf5', monitor='val_acc', save_best_only=True, mode='max'), EarlyStopping('val_loss', patience=5, min_delta=-0.5),
       ReduceLROnPlateau('val_loss', factor=0.5, patience=0, min_lr=1e-4), CSVLogger('log.csv'), LearningRateScheduler(lambda e: 0.1 / (1 + e))]
h = model.fit(X, Y, batch_size=8, nb_epoch=3, validation_split=0.25, callbacks=cbs, verbose=0, class_weight={0: 1., 1: 2., 2: 1.})
print(sorted(hist.seen), len(hist.losses), (frozen == model.layers[1].get_weights()[0]).all(), len(json.dumps(h.history)) > 10)
datagen = ImageDataGenerator(featurewise_center=True, rotation_range=10, width_shift_range=0.1, horizontal_flip=True, zca_whitening=False)
datagen.fit(X)
h = model.fit_generator(datagen.flow(X, Y, batch_size=8), samples_per_epoch=len(X), nb_epoch=2, validation_data=datagen.flow(X, Y, batch_size=8), nb_val_samples=16, verbose=0)
print(sorted(h.history.keys()))
def gen():
    while 1:
        for i in range(0, 24, 8):
            yield X[i:i + 8], Y[i:i + 8]
print(model.evaluate_generator(gen(), val_samples=24).__class__.__name__, model.predict_generator(gen(), val_samples=24).shape)
model.save('full.h5'); again = load_model('full.h5')
print(np.allclose(again.predict(X), model.predict(X)))
# layers by hand
get_features = K.function([model.layers[0].input, K.learning_phase()], [model.get_layer('fc').output])
print(get_features([X, 0])[0].shape, isinstance(model.layers[-1].get_config(), collections.Mapping))
# two branches in a Sequential with a Merge
left = Sequential(); left.add(Dense(4, input_dim=3))
right = Sequential([Dense(4, input_dim=5), Dropout(.2)])
both = Sequential(); both.add(Merge([left, right], mode='concat', concat_axis=-1)); both.add(Dense(1, activation='sigmoid'))
both.compile('rmsprop', 'binary_crossentropy', metrics=['accuracy', 'precision', 'recall', 'fbeta_score'])
h = both.fit([np.random.rand(10, 3), np.random.rand(10, 5)], np.random.randint(0, 2, 10), verbose=0, nb_epoch=1)
print(sorted(h.history), both.predict_classes([np.random.rand(2, 3), np.random.rand(2, 5)], verbose=0).shape, both.predict_proba([np.random.rand(2, 3), np.random.rand(2, 5)], verbose=0).shape)
