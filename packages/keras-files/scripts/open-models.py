"""What real Keras predicts with model files: FOLDER/cases.json names them, FOLDER/answers.json is the answer.

Functions that this project registers are known; a file of Keras 2 is what Keras 3 makes of it.
"""

import json
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "numpy")

warnings.simplefilter("ignore")

import keras  # noqa: E402
import numpy as np  # noqa: E402


@keras.saving.register_keras_serializable(package="rnnkit")
def hard_sigmoid_keras2(x):
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


def told(folder, case):
    path = os.path.join(folder, case["name"])
    model = keras.saving.load_model(path, compile=False)
    inputs = [np.array(x["data"], x["dtype"]).reshape(x["shape"]) for x in case["inputs"]]
    outputs = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0]))
    return [np.array(y, "float64").ravel().tolist() for y in outputs]


def main(scratch):
    with open(os.path.join(scratch, "cases.json")) as file:
        asked = json.load(file)
    answers = {}
    for case in asked["cases"]:
        answer = {"keras": keras.__version__}
        try:
            answer["predictions"] = told(asked["folder"], case)
        except Exception as error:
            lines = [line for line in str(error).splitlines() if line] or [""]
            answer["error"] = f"{type(error).__name__}: {lines[0][:200]}"
        answers[case["name"]] = answer
    with open(os.path.join(scratch, "answers.json"), "w") as file:
        json.dump(answers, file)


main(sys.argv[1])
