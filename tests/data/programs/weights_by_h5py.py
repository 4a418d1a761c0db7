import h5py, numpy as np, json
from keras.models import Sequential, model_from_json
from keras.layers import Convolution2D, MaxPooling2D, ZeroPadding2D, Flatten, Dense, Dropout
np.random.seed(3)
def build():
    model = Sequential()
    model.add(ZeroPadding2D((1, 1), input_shape=(8, 8, 3), dim_ordering='tf'))
    model.add(Convolution2D(4, 3, 3, activation='relu', name='conv1_1', dim_ordering='tf'))
    model.add(MaxPooling2D((2, 2), strides=(2, 2), dim_ordering='tf'))
    model.add(Flatten())
    model.add(Dense(5, activation='relu'))
    model.add(Dropout(0.5))
    model.add(Dense(2, activation='softmax'))
    return model
model = build()
model.save_weights('w.h5', overwrite=True)
open('arch.json', 'w').write(model.to_json())
m = model_from_json(open('arch.json').read())
f = h5py.File('w.h5')
names = [n.decode('utf8') for n in f.attrs['layer_names']]
k = 0
for name in names:
    g = f[name]
    weights = [g[w].value for w in g.attrs['weight_names']]
    layer = [l for l in m.layers if l.name == name][0]
    layer.set_weights(weights)
    k += len(weights)
f.close()
x = np.random.rand(3, 8, 8, 3)
print(k, np.allclose(m.predict(x), model.predict(x)))
with h5py.File('feat.h5') as f:
    d = f.create_dataset('feats', (3, 2), maxshape=(None, 2), dtype='f')
    d[:] = m.predict(x)
    f.attrs['note'] = 'made'
    f.attrs['cfg'] = json.dumps({'a': 1})
f = h5py.File('feat.h5')
print(f['feats'].value.shape, f.attrs['note'].decode('utf-8'), json.loads(f.attrs.get('cfg').decode('utf-8')))
from keras.utils.io_utils import HDF5Matrix
X = HDF5Matrix('feat.h5', 'feats', 0, 3)
m2 = Sequential([Dense(1, input_dim=2)]); m2.compile('sgd', 'mse')
m2.fit(X, np.ones(3), nb_epoch=1, batch_size=2, verbose=0, shuffle='batch')
print(m2.predict(X, batch_size=2).shape)
