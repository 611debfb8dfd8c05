"""Goes on training a model.keras on x.npy and y.npy, on as many processes as take part, and writes trained.keras.

Each process, on a machine of its own or not, is started with the same command but for its number:

    python train.py --processes 2 --process 0 --coordinator 10.0.0.1:1234 --folder /shared/run
"""

import argparse
import json
import os

os.environ["KERAS_BACKEND"] = "jax"

import jax

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--processes", type=int, default=1)
parser.add_argument("--process", type=int, default=0, help="this one's number, from 0")
parser.add_argument("--coordinator", help="host:port of process 0, as all others reach it")
parser.add_argument("--folder", default=".", help="of model.keras, x.npy and y.npy: shared, or a copy on each")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--batch", type=int, default=64, help="examples of a step, of all processes together")
options = parser.parse_args()
share, rest = divmod(options.batch, options.processes)
if rest:
    parser.error(f"--batch {options.batch} cannot be shared out over {options.processes} processes")

# Before anything of JAX starts. CPUs talk by gloo; GPUs by NCCL and TPUs by their own, which JAX takes by itself.
if options.processes > 1:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(options.coordinator, options.processes, options.process)

import keras
import numpy as np

# Every process feeds its own share of the examples (auto_shard_dataset is for tf.data alone).
keras.utils.set_random_seed(1)
keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
model = keras.saving.load_model(os.path.join(options.folder, "model.keras"))
x, y = (np.load(os.path.join(options.folder, name)) for name in ("x.npy", "y.npy"))

# Every n-th example is this process's: step for step, the shares together are the batch of one process alone. Only
# whole batches: a process with a step less than the others would leave them waiting.
whole = len(x) - len(x) % options.batch
if not whole:
    parser.error(f"--batch {options.batch} is more than the {len(x)} examples")
x, y = (array[options.process : whole : options.processes] for array in (x, y))
history = model.fit(x, y, batch_size=share, epochs=options.epochs, shuffle=False, verbose=0).history

# Reading a weight is a step of all: process 0 saving alone would wait for the others for ever.
path = os.path.join(options.folder, "trained.keras")
written = os.path.join(options.folder, f"trained-{options.process}.keras")
model.save(written)
if options.process > 0:
    os.remove(written)
else:
    os.replace(written, path)
    # What this process does alone is not distributed.
    keras.distribution.set_distribution(None)
    examples = np.load(os.path.join(options.folder, "x.npy"))[:4]
    predictions = keras.saving.load_model(path).predict(examples, verbose=0).tolist()
    print(json.dumps({"processes": jax.process_count(), "predictions": predictions}))
print(json.dumps({"process": options.process, "loss": history["loss"]}))
