"""scikit-learn chooses a network's settings by cross-validation. Needs scikit-learn: pip install '.[sklearn]', in the clone of kbridge"""

import sys

import numpy as np
from data import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kbridge.layers import Dense, Dropout
from kbridge.models import Sequential
from kbridge.wrappers.scikit_learn import KerasClassifier


def network(units=32, dropout=0.0):
    model = Sequential()
    model.add(Dense(units, activation="relu", input_dim=64))
    model.add(Dropout(dropout))
    model.add(Dense(10, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


np.random.seed(15)
(x, y), (x_test, y_test) = [(images.reshape(len(images), 64), labels) for images, labels in load_digits()]
pipeline = make_pipeline(StandardScaler(), KerasClassifier(network, nb_epoch=12, batch_size=32, verbose=0))
grid = {"kerasclassifier__units": [8, 64], "kerasclassifier__dropout": [0.0, 0.3]}
search = GridSearchCV(pipeline, grid, cv=3, refit=True)
search.fit(x, y)

results = search.cv_results_
for score, deviation, settings in zip(results["mean_test_score"], results["std_test_score"], results["params"]):
    print(f"{score:.1%} (+- {deviation:.1%})", {name.partition("__")[2]: value for name, value in settings.items()})
accuracy = search.score(x_test, y_test)
print(f"The best, trained on all: {accuracy:.1%} of {len(x_test)} digits that it never saw are right (95 % or more expected).")
if accuracy < 0.95 or search.best_params_["kerasclassifier__units"] != 64:
    sys.exit(1)
