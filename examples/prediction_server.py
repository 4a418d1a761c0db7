"""A prediction server with nothing but Python's standard library and the NumPy backend; threads share one model.

python prediction_server.py           trains a model, serves it, asks it from eight threads and stops
python prediction_server.py --serve   goes on serving: curl -d '[[0, 0, 5, ...64 numbers]]' http://127.0.0.1:8765
"""

import json
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from data import load_digits

from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.utils.np_utils import to_categorical

MAX_BYTES = 1_000_000

np.random.seed(11)
(x, y), (x_test, y_test) = [(images.reshape(len(images), 64) * 16, labels) for images, labels in load_digits()]
model = Sequential([Dense(64, activation="relu", input_dim=64), Dense(10, activation="softmax")])
model.compile(loss="categorical_crossentropy", optimizer="adam")
model.fit(x, to_categorical(y, 10), nb_epoch=15, verbose=0)
# the function that predicts is made at the first call: here, before there are threads
model.predict(x_test[:1])


class Predictions(BaseHTTPRequestHandler):
    """POST a JSON list of images, each a list of 64 numbers from 0 to 16; the answer lists digits and probabilities."""

    def do_POST(self):
        try:
            size = int(self.headers["Content-Length"])
            if not 0 < size <= MAX_BYTES:
                raise ValueError(f"a request has 1 to {MAX_BYTES} bytes, this has {size}")
            images = np.array(json.loads(self.rfile.read(size)), dtype="float32")
            if images.ndim != 2 or images.shape[1] != 64:
                raise ValueError(f"images are lists of 64 numbers, these have the shape {images.shape}")
        except (TypeError, ValueError) as error:
            self.answer(400, {"error": str(error)})
            return
        p = model.predict(images)
        self.answer(200, {"digits": p.argmax(axis=1).tolist(), "probabilities": p.max(axis=1).round(4).tolist()})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing is written for each request."""


def ask(images):
    request = urllib.request.Request(address, data=json.dumps(images.tolist()).encode(), method="POST")
    # no proxy: the server is here
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as reply:
        return json.load(reply)["digits"]


serve = "--serve" in sys.argv
server = ThreadingHTTPServer(("127.0.0.1", 8765 if serve else 0), Predictions)
address = f"http://127.0.0.1:{server.server_port}"
print(f"Serving at {address}", flush=True)
if serve:
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)

threading.Thread(target=server.serve_forever, daemon=True).start()
batches = [x_test[i : i + 3] for i in range(0, len(x_test), 3)]
with ThreadPoolExecutor(8) as pool:
    answers = list(pool.map(ask, batches))
server.shutdown()
right = np.mean(np.concatenate(answers) == y_test)
same = np.array_equal(np.concatenate(answers), model.predict(x_test).argmax(axis=1))
print(f"{len(batches)} requests from 8 threads: {right:.1%} of the digits are right (93 % or more expected).")
print(f"The answers are {'those' if same else 'NOT those'} of the model without threads.")
if not same or right < 0.93:
    sys.exit(1)
