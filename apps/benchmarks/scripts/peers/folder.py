"""A folder of src/bench/model-folder.ts: the plan of a model, its examples and its weights."""

import json
import os

import numpy as np


class Folder:
    def __init__(self, path):
        self.path = path
        with open(os.path.join(path, "plan.json")) as file:
            self.plan = json.load(file)
        self.x, self.y = (self.array(self.plan[name]) for name in ("x", "y"))

    def array(self, entry):
        path = os.path.join(self.path, entry["file"])
        return np.fromfile(path, dtype=entry["dtype"]).reshape(entry["shape"])

    def weights(self):
        return [self.array(entry) for entry in self.plan["weights"]]
