"""A whole script of Keras for `bench fit`: import, build, compile, fit, predict; says the last loss.

`python -B whole_script.py SYSTEM FOLDER EPOCHS`; the folders are those of src/bench/model-folder.ts, of which the
model is made anew, with weights of Keras's own.
"""

import json
import os
import sys
import zipfile

SYSTEM, FOLDER, EPOCHS = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["KERAS_BACKEND"] = SYSTEM.removeprefix("keras-")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras

from folder import Folder

folder = Folder(FOLDER)
with zipfile.ZipFile(os.path.join(FOLDER, "model.keras")) as file:
    config = json.loads(file.read("config.json"))
model = keras.Sequential.from_config(config["config"])
model.compile(**folder.plan["compile"])
history = model.fit(folder.x, folder.y, batch_size=folder.plan["batchSize"], epochs=EPOCHS, verbose=0)
predicted = model.predict(folder.x, verbose=0)
print(json.dumps({"loss": history.history["loss"][-1], "predicted": len(predicted)}))
