"""A model of a folder in ONNX Runtime: the file that @rnnkit/keras-files exports. It predicts, and does not train."""

import os

import onnxruntime

options = onnxruntime.SessionOptions()


def start(system, threads):
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return f"ONNX Runtime {onnxruntime.__version__}"


class Model:
    def __init__(self, folder):
        path = os.path.join(folder.path, "model.onnx")
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name

    def predict(self, x):
        return self.session.run(None, {self.name: x})[0]
