"""Loads what rnnkit saved with real Keras, and says what Keras makes of it.

Usage: python real-keras.fixture.py FOLDER [train | masks]. FOLDER/manifest.json lists the models;
the answers go to FOLDER/answers.json. A tensor is {shape, dtype, data}. Training needs jax, TensorFlow or
torch: without them the answer is null. Masks are TensorFlow's where it is, else numpy's, whose stacks of
cells fail under them.
"""

import base64
import hashlib
import importlib.util
import json
import os
import sys

trainers = [name for name in ("jax", "tensorflow", "torch") if importlib.util.find_spec(name)]
mode = sys.argv[2] if len(sys.argv) > 2 else None
trains = mode == "train"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Each model runs a few steps: XLA's optimizing of them takes longer than they do.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
if trains and trainers:
    os.environ["KERAS_BACKEND"] = trainers[0]
else:
    with_masks = mode == "masks" and "tensorflow" in trainers
    os.environ["KERAS_BACKEND"] = "tensorflow" if with_masks else "numpy"

import keras  # noqa: E402
import numpy as np  # noqa: E402


@keras.saving.register_keras_serializable(package="rnnkit")
class Scale(keras.layers.Layer):
    def __init__(self, by_factor, **options):
        super().__init__(**options)
        self.by_factor = by_factor

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), name="scale")

    def call(self, x):
        return x * self.scale * self.by_factor

    def get_config(self):
        return {**super().get_config(), "by_factor": self.by_factor}


@keras.saving.register_keras_serializable(package="rnnkit")
def hard_sigmoid_keras2(x):
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


def array(tensor):
    return np.array(tensor["data"], tensor["dtype"]).reshape(tensor["shape"])


def digests(model):
    values = [np.ascontiguousarray(weight.numpy()) for weight in model.weights if is_weight(weight)]
    return [hashlib.sha256(value.tobytes()).hexdigest() for value in values]


def is_weight(variable):
    return "seed_generator" not in variable.path and np.dtype(variable.dtype).kind == "f"


def outputs_of(model, inputs):
    outputs = model([array(x) for x in inputs] if len(inputs) > 1 else array(inputs[0]))
    return outputs if isinstance(outputs, (list, tuple)) else [outputs]


def predictions(model, inputs):
    return [np.array(y).ravel().tolist() for y in outputs_of(model, inputs)]


def told_tensor(x):
    """JSON has no NaN and no infinity: they are null."""
    values = np.array(x)
    data = [value if np.isfinite(value) else None for value in values.ravel().tolist()]
    return {"shape": list(values.shape), "dtype": str(values.dtype), "data": data}


def masked(folder, case):
    """What each file's model makes of the inputs, the masks that its outputs carry, and what Keras saves."""
    told = {}
    for name in case["files"]:
        try:
            model = keras.saving.load_model(os.path.join(folder, name), compile=False)
            outputs = outputs_of(model, case["inputs"])
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            told[name] = {"error": said, "backend": keras.config.backend()}
            continue
        masks = [keras.src.backend.get_keras_mask(y) for y in outputs]
        told[name] = {
            "outputs": [told_tensor(y) for y in outputs],
            "masks": [None if mask is None else told_tensor(mask) for mask in masks],
        }
        if name.endswith(".keras"):
            model.save(os.path.join(folder, "again." + name))
    return told


def answer(folder, case):
    told = {}
    for name in case["files"]:
        path = os.path.join(folder, name)
        if name.endswith(".weights.h5"):
            model = keras.saving.load_model(os.path.join(folder, case["files"][0]), compile=False)
            model.set_weights([np.zeros_like(value) for value in model.get_weights()])
            model.load_weights(path)
        else:
            model = keras.saving.load_model(path)
        told[name] = {"weights": digests(model), "predictions": predictions(model, case["inputs"])}
    return told


def trained(folder, case):
    """
    Trains on from each file, the first steps of which were done before it was saved. One that is to be **returned**
    is saved then, and trained on for as many steps.
    """
    told = {}
    for name, steps in case["steps"].items():
        if name.endswith(".weights.h5"):
            model = keras.saving.load_model(os.path.join(folder, case["id"] + ".start.keras"))
            model.load_weights(os.path.join(folder, name))
        else:
            model = keras.saving.load_model(os.path.join(folder, name))
        x, y = array(case["x"]), array(case["y"])

        def train():
            losses = [float(model.train_on_batch(x, y)) for _ in range(steps)]
            return {
                "losses": losses,
                "iterations": int(np.array(model.optimizer.iterations)),
                "weights": [np.array(weight).ravel().tolist() for weight in model.trainable_variables],
            }

        told[name] = train()
        if name == case.get("returned"):
            files = {ending: saved(model, folder, ending) for ending in ("keras", "h5")}
            # The step that is compiled already goes on.
            told[name]["returned"] = {"files": files, **train()}
    return told


def saved(model, folder, ending):
    path = os.path.join(folder, "returned." + ending)
    model.save(path)
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()


def main(folder):
    with open(os.path.join(folder, "manifest.json")) as file:
        cases = json.load(file)
    told = {}
    answers = {"train": trained, "masks": masked}.get(mode, answer)
    for case in cases:
        try:
            told[case["id"]] = answers(folder, case)
        except Exception as error:
            told[case["id"]] = {"error": f"{type(error).__name__}: {error}"}
    with open(os.path.join(folder, "answers.json"), "w") as file:
        json.dump(told if trainers or not trains else None, file)


main(sys.argv[1])
