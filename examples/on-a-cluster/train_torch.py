"""What train.py does, with Keras on PyTorch and its DistributedDataParallel; started in the same way."""

import argparse
import json
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--processes", type=int, default=1)
parser.add_argument("--process", type=int, default=0, help="this one's number, from 0")
parser.add_argument("--coordinator", default="localhost:1234", help="host:port of process 0, as all others reach it")
parser.add_argument("--folder", default=".", help="of model.keras, x.npy and y.npy: shared, or a copy on each")
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--batch", type=int, default=64, help="examples of a step, of all processes together")
options = parser.parse_args()
share, rest = divmod(options.batch, options.processes)
if rest:
    parser.error(f"--batch {options.batch} cannot be shared out over {options.processes} processes")

distributed.init_process_group(
    "nccl" if torch.cuda.is_available() else "gloo",
    init_method=f"tcp://{options.coordinator}",
    world_size=options.processes,
    rank=options.process,
)
model = keras.saving.load_model(os.path.join(options.folder, "model.keras"))
together = DistributedDataParallel(model)
x, y = (np.load(os.path.join(options.folder, name)) for name in ("x.npy", "y.npy"))
whole = len(x) - len(x) % options.batch
if not whole:
    parser.error(f"--batch {options.batch} is more than the {len(x)} examples")
x, y = (torch.from_numpy(array[options.process : whole : options.processes]) for array in (x, y))

losses = []
for epoch in range(options.epochs):
    total = torch.zeros(())
    for batch in zip(x.split(share), y.split(share)):
        inputs, targets = (part.to(keras.ops.convert_to_tensor(0.0).device) for part in batch)
        loss = model.compute_loss(inputs, targets, together(inputs, training=True))
        model.zero_grad()
        loss.backward()  # leaves the mean of all processes' gradients
        with torch.no_grad():
            model.optimizer.apply([weight.value.grad for weight in model.trainable_weights])
        total += loss.detach().cpu()
    distributed.all_reduce(total)
    losses.append(total.item() * options.batch / whole / options.processes)

# Every process has all weights: one can save alone.
if options.process == 0:
    model.save(os.path.join(options.folder, "trained.keras"))
print(json.dumps({"process": options.process, "loss": losses}))
distributed.destroy_process_group()
