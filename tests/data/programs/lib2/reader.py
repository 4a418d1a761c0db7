def load():
    texts = []
    for i in xrange(6):
        texts.append(u'some words number %d and more' % i)
    print 'read', len(texts)
    return texts, [i % 2 for i in range(6)]
