"""A model of a folder in Keras: its file, compiled as the tutorial compiles it."""

import os

import numpy as np

keras = None
gpu = None


def use(device):
    global gpu
    # Others have their turn on the same device.
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    import jax

    try:
        gpu = jax.devices("gpu")[0]
    except RuntimeError:
        raise SystemExit(f"no GPU: jax {jax.__version__} finds {jax.devices()[0].platform} alone")


def placed(array):
    if gpu is None:
        return array
    import jax

    return jax.device_put(array, gpu)


def start(system, threads):
    global keras
    os.environ["KERAS_BACKEND"] = system.removeprefix("keras-")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    name = f"Keras {keras.__version__} on {keras.backend.backend()}"
    return name if gpu is None else f"{name}, {gpu.device_kind}"


class Model:
    def __init__(self, folder):
        self.made = keras.saving.load_model(os.path.join(folder.path, "model.keras"), compile=False)
        self.made.compile(**folder.plan["compile"])

    def train(self, x, y):
        return float(np.ravel(self.made.train_on_batch(x, y))[0])

    def predict(self, x):
        return np.asarray(self.made.predict_on_batch(x))

    def fit(self, x, y, batch_size, epochs, shuffle, on_epoch_end):
        class Told(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs):
                on_epoch_end(float(logs["loss"]))

        self.made.fit(
            x, y, batch_size=batch_size, epochs=epochs, shuffle=shuffle, verbose=0, callbacks=[Told()]
        )
