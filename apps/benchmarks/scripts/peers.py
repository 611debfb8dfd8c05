"""The tutorial's models in Keras or PyTorch, timed for `bench peers`.

`python peers.py SYSTEM THREADS` says its version, then answers each line {"model": ..., "steps": n} with
the milliseconds of n training steps in a row and n predictions. SYSTEM is keras-jax,
keras-tensorflow or pytorch; THREADS counts for PyTorch alone, Keras's backends choose their own.
"""

import json
import os
import sys
import time

SYSTEM, THREADS = sys.argv[1], int(sys.argv[2])
BATCH, WORDS, VOCABULARY, STEPS = 32, 500, 10_000, 20

import numpy as np

random = np.random.default_rng(0)


def examples(model):
    if model == "stock_forecaster":
        x = random.normal(size=(BATCH, STEPS, 1)).astype("float32")
        return x, random.normal(size=(BATCH, 1)).astype("float32")
    # Word n comes about as often as 1 / n.
    x = (VOCABULARY ** random.random((BATCH, WORDS))).astype("int32")
    return x, random.integers(0, 2, (BATCH, 1)).astype("float32")


def keras_model(model):
    layers = keras.layers
    if model == "stock_forecaster":
        made = keras.Sequential([layers.LSTM(50), layers.Dense(1)])
        made.compile(optimizer="adam", loss="mse")
    else:
        cell = {
            "imdb_lstm": lambda: layers.LSTM(32),
            "imdb_gru": lambda: layers.GRU(32),
            "imdb_simple_rnn": lambda: layers.SimpleRNN(32),
            "imdb_bidirectional_lstm": lambda: layers.Bidirectional(layers.LSTM(32)),
        }[model]()
        head = layers.Dense(1, activation="sigmoid")
        made = keras.Sequential([layers.Embedding(VOCABULARY, 32), cell, head])
        made.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    x, y = examples(model)
    return (lambda: made.train_on_batch(x, y)), (lambda: np.asarray(made.predict_on_batch(x)))


def torch_model(model):
    nn = torch.nn
    sentiment = model != "stock_forecaster"
    both = model == "imdb_bidirectional_lstm"

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            cell = {"imdb_gru": nn.GRU, "imdb_simple_rnn": nn.RNN}.get(model, nn.LSTM)
            sizes = (32, 32) if sentiment else (1, 50)
            self.embedding = nn.Embedding(VOCABULARY, 32) if sentiment else nn.Identity()
            self.cell = cell(*sizes, batch_first=True, bidirectional=both)
            self.head = nn.Linear(64 if both else sizes[1], 1)

        def forward(self, x):
            _, state = self.cell(self.embedding(x))
            h = state[0] if isinstance(state, tuple) else state
            return self.head(torch.cat(tuple(h), -1))

    made = Model()
    x, y = (torch.from_numpy(array) for array in examples(model))
    parameters = made.parameters()
    if sentiment:
        loss_of = nn.BCEWithLogitsLoss()
        optimizer = torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, eps=1e-7)
    else:
        loss_of = nn.MSELoss()
        optimizer = torch.optim.Adam(parameters, lr=0.001, eps=1e-7)

    def train():
        optimizer.zero_grad()
        loss = loss_of(made(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def predict():
        with torch.no_grad():
            return made(x).numpy()

    return train, predict


def milliseconds(work):
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


if SYSTEM == "pytorch":
    import torch

    torch.set_num_threads(THREADS)
    # Without it a gradient that fades takes several times as long.
    torch.set_flush_denormal(True)
    build, version = torch_model, f"PyTorch {torch.__version__}"
else:
    os.environ["KERAS_BACKEND"] = SYSTEM.removeprefix("keras-")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    build, version = keras_model, f"Keras {keras.__version__} on {keras.backend.backend()}"

print(json.dumps({"version": version}), flush=True)
built = {}
for line in sys.stdin:
    asked = json.loads(line)
    if asked["model"] not in built:
        built[asked["model"]] = build(asked["model"])
    train, predict = built[asked["model"]]
    times = {
        name: [milliseconds(work) for _ in range(asked["steps"])]
        for name, work in (("train", train), ("predict", predict))
    }
    print(json.dumps(times), flush=True)
