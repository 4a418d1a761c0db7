import numpy, time, inspect, collections, fractions
from sklearn.cross_validation import StratifiedKFold, cross_val_score, train_test_split
from sklearn.grid_search import GridSearchCV
from sklearn.metrics import jaccard_similarity_score, classification_report, confusion_matrix
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.pipeline import Pipeline
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import np_utils
seed = 7
numpy.random.seed(seed)
X = numpy.random.randn(60, 4); Y = numpy.array(['a', 'b', 'c'])[(X[:, 0] > 0).astype(numpy.int) + (X[:, 1] > 0)]
encoder = LabelEncoder(); encoder.fit(Y); encoded_Y = encoder.transform(Y)
dummy_y = np_utils.to_categorical(encoded_Y)
def create_model(optimizer='adam', init='normal'):
    model = Sequential()
    model.add(Dense(8, input_dim=4, init=init, activation='relu'))
    model.add(Dense(3, init=init, activation='softmax'))
    model.compile(loss='categorical_crossentropy', optimizer=optimizer, metrics=['accuracy'])
    return model
estimator = KerasClassifier(build_fn=create_model, nb_epoch=2, batch_size=5, verbose=0)
kfold = StratifiedKFold(y=encoded_Y, n_folds=3, shuffle=True, random_state=seed)
print(len(cross_val_score(estimator, X, encoded_Y, cv=kfold)))
grid = GridSearchCV(estimator=estimator, param_grid=dict(optimizer=['sgd', 'adam'], nb_epoch=[1], batch_size=[10]))
grid.fit(X, dummy_y.argmax(1))
for params, mean_score, scores in grid.grid_scores_:
    print(sorted(params), scores.shape)
estimator.fit(X, encoded_Y)
print(0 <= jaccard_similarity_score(encoded_Y, estimator.predict(X)) <= 1, inspect.getargspec(create_model).args, time.clock() > 0, fractions.gcd(4, 6))
