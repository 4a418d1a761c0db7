import os, sys, string, urllib2, ConfigParser, StringIO, Queue, commands
sys.path.append(os.path.join(os.path.dirname(__file__), 'lib2'))
import numpy as np
import reader
from keras.preprocessing.text import Tokenizer
from keras.preprocessing.sequence import pad_sequences
from keras.models import Sequential
from keras.layers import Embedding, GRU, Dense
texts, labels = reader.load()
tok = Tokenizer(nb_words=20, filters='!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n')
tok.fit_on_texts(texts)
X = pad_sequences(tok.texts_to_sequences(texts), maxlen=8)
print 'vocab %d, %s' % (len(tok.word_index), X.shape)
model = Sequential()
model.add(Embedding(20, 4, input_length=8, dropout=0.2))
model.add(GRU(3, dropout_W=0.2, dropout_U=0.2))
model.add(Dense(1, activation='sigmoid'))
model.compile('adam', 'binary_crossentropy', metrics=['accuracy'])
print model.evaluate(X, np.asarray(labels), verbose=0)[1] <= 1.0, sorted(dict(a=1).keys())[0], map(str, [1, 2])[1], string.letters[:2], 'ok'
try:
    print 10 / 4, 0777
except Exception, e:
    print e
buf = StringIO.StringIO(); print >>buf, 'to a buffer'; print buf.getvalue().strip()
exec "y = 3" in globals()
print y, `y`, 3 <> 4, isinstance(u'x', basestring), long(3), [x for x in xrange(2)], reduce(lambda a, b: a + b, [1, 2]), 'a'
