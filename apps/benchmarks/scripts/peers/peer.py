"""One system of `bench peers` and `bench fit`, in a process of its own, which waits to be asked.

`python -B peer.py SYSTEM THREADS [DEVICE]` says its version, then answers each line of JSON with one:

    {"do": "open", "folder": ...}    makes that model, with the weights it begins with; {"refused": why} where it cannot
    {"do": "predictions"}            what it predicts of its first batch
    {"do": "loss"}                   of a training step on that batch; null of what cannot train
    {"do": "losses", "epochs": n}    of epochs in the order of the examples, the weights as they are then
    {"do": "steps", "steps": n}      milliseconds of n training steps in a row and n predictions, first batch
    {"do": "fit", "epochs": n}       milliseconds and loss of an epoch of `fit`, then waits for {"do": "go"} for the
                                     next; at last what `fit` did after them

SYSTEM is keras-jax, keras-tensorflow, pytorch, pytorch-tf32 or onnxruntime; THREADS counts for the last ones, Keras's
backends choose their own. DEVICE is cpu (the default) or gpu, where the first batch lies before the steps begin; what
has no GPU ends with a line that says so. The folders are those of src/bench/model-folder.ts.
"""

import importlib
import json
import sys
import time

import numpy as np

from folder import Folder

SYSTEM, THREADS = sys.argv[1], int(sys.argv[2])
DEVICE = sys.argv[3] if len(sys.argv) > 3 else "cpu"
MODULES = {
    "keras-jax": "keras_model",
    "keras-tensorflow": "keras_model",
    "pytorch": "torch_model",
    "pytorch-tf32": "torch_model",
    "onnxruntime": "onnx_model",
}


def answer(value):
    print(json.dumps(value), flush=True)


def asked():
    return json.loads(sys.stdin.readline())


def milliseconds(work):
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def fit(model, folder, epochs):
    started = time.perf_counter()

    def on_epoch_end(loss):
        nonlocal started
        answer({"ms": 1000 * (time.perf_counter() - started), "loss": loss})
        asked()
        started = time.perf_counter()

    model.fit(folder.x, folder.y, folder.plan["batchSize"], epochs, True, on_epoch_end)
    answer({"ms": 1000 * (time.perf_counter() - started)})


def main():
    systems = importlib.import_module(MODULES[SYSTEM])
    if DEVICE != "cpu":
        systems.use(DEVICE)
    answer({"version": systems.start(SYSTEM, THREADS)})
    placed = getattr(systems, "placed", lambda array: array)
    model = folder = x = y = None
    for line in sys.stdin:
        request = json.loads(line)
        what = request["do"]
        if what == "open":
            folder = Folder(request["folder"])
            batch = folder.plan["batchSize"]
            x, y = (placed(array[:batch]) for array in (folder.x, folder.y))
            try:
                model = systems.Model(folder)
                answer({})
            except NotImplementedError as reason:
                answer({"refused": str(reason)})
        elif what == "predictions":
            answer(np.asarray(model.predict(x)).ravel().tolist())
        elif what == "loss":
            answer(model.train(x, y) if hasattr(model, "train") else None)
        elif what == "losses":
            losses = []
            size = folder.plan["batchSize"]
            model.fit(folder.x, folder.y, size, request["epochs"], False, losses.append)
            answer(losses)
        elif what == "steps":
            times = {}
            for name, work in (("train", lambda: model.train(x, y)), ("predict", lambda: model.predict(x))):
                can = name == "predict" or hasattr(model, "train")
                times[name] = [milliseconds(work) for _ in range(request["steps"] if can else 0)]
            answer(times)
        elif what == "fit":
            fit(model, folder, request["epochs"])


main()
