# -*- coding: utf-8 -*-
import sys
reload(sys)
sys.setdefaultencoding('utf-8')
import os, cPickle, gzip, random
import numpy as np
from itertools import izip
from collections import defaultdict
from keras.models import Sequential
from keras.layers.core import Dense, Activation, Dropout
from keras.layers.recurrent import LSTM
from keras.utils.data_utils import get_file

text = u"the quick brown fox jumps over the lazy dog. " * 6
print 'corpus length:', len(text)
chars = sorted(list(set(text)))
char_indices = dict((c, i) for i, c in enumerate(chars))
indices_char = dict((i, c) for i, c in enumerate(chars))
maxlen, step = 10, 3
sentences, next_chars = [], []
for i in xrange(0, len(text) - maxlen, step):
    sentences.append(text[i: i + maxlen])
    next_chars.append(text[i + maxlen])
X = np.zeros((len(sentences), maxlen, len(chars)), dtype=np.bool)
y = np.zeros((len(sentences), len(chars)), dtype=np.bool)
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        X[i, t, char_indices[char]] = 1
    y[i, char_indices[next_chars[i]]] = 1
model = Sequential()
model.add(LSTM(12, input_shape=(maxlen, len(chars))))
model.add(Dense(len(chars)))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='rmsprop')

def sample(a, temperature=1.0):
    a = np.log(a) / temperature
    a = np.exp(a) / np.sum(np.exp(a))
    return np.argmax(np.random.multinomial(1, a * 0.999, 1))

for iteration in range(1, 3):
    print
    print '-' * 10
    model.fit(X, y, batch_size=32, nb_epoch=1, verbose=0)
    start_index = random.randint(0, len(text) - maxlen - 1)
    for diversity in [0.5, 1.2]:
        sentence = text[start_index: start_index + maxlen]
        generated = ''
        for iteration in range(5):
            x = np.zeros((1, maxlen, len(chars)))
            for t, char in enumerate(sentence):
                x[0, t, char_indices[char]] = 1.
            preds = model.predict(x, verbose=0)[0]
            next_index = sample(preds, diversity)
            generated += indices_char[next_index]
            sentence = sentence[1:] + indices_char[next_index]
        print 'made %d' % len(generated),
        sys.stdout.flush()
with gzip.open('state.pkl.gz', 'wb') as f:
    cPickle.dump((char_indices, model.get_weights()), f, protocol=cPickle.HIGHEST_PROTOCOL)
with gzip.open('state.pkl.gz', 'rb') as f:
    loaded, weights = cPickle.load(f)
d = defaultdict(int)
for k, v in loaded.iteritems():
    d[k] += v
print
print d.has_key(u'a') if hasattr(d, 'has_key') else 'a' in d, len(weights), os.getcwdu() == os.getcwd()
