"""A model of a folder in PyTorch, layer by layer from its plan, with its weights."""

import numpy as np
import torch
from torch import nn

# Gates of Keras's columns in the order of PyTorch's rows.
CELLS = {"LSTM": (nn.LSTM, [0, 1, 2, 3]), "GRU": (nn.GRU, [1, 0, 2]), "SimpleRNN": (nn.RNN, [0])}
# Losses of what a model says before its last activation.
LOSSES = {
    "mse": nn.MSELoss(),
    "binary_crossentropy": nn.BCEWithLogitsLoss(),
    "sparse_categorical_crossentropy": lambda output, y: nn.functional.cross_entropy(output, y[:, 0].long()),
}
OPTIMIZERS = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=0.001, eps=1e-7),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights, lr=0.001, alpha=0.9, eps=1e-7),
}
DEVICE = "cpu"
ACTIVATIONS = {"linear": lambda x: x, "sigmoid": torch.sigmoid, "softmax": lambda x: torch.softmax(x, -1)}


def use(device):
    global DEVICE
    if not torch.cuda.is_available():
        raise SystemExit(f"no GPU: PyTorch {torch.__version__} finds no CUDA")
    DEVICE = "cuda"


def placed(array):
    return torch.from_numpy(array).to(DEVICE)


def start(system, threads):
    torch.set_num_threads(threads)
    tf32 = system.endswith("-tf32")
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
    # Without it a gradient that fades takes several times as long.
    torch.set_flush_denormal(True)
    name = f"PyTorch {torch.__version__}"
    if DEVICE == "cpu":
        return name
    return f"{name}, cuDNN {torch.backends.cudnn.version()}, {'with' if tf32 else 'without'} TF32"


class Recurrent(nn.Module):
    def __init__(self, kind, config, weights):
        super().__init__()
        if config["activation"] != "tanh":
            raise NotImplementedError(f"its {kind} has tanh alone, not {config['activation']}")
        cell, order = CELLS[kind]
        units, self.sequences = config["units"], config["returnSequences"]
        both = len(weights) == 6
        self.cell = cell(weights[0].shape[0], units, batch_first=True, bidirectional=both)

        def gates(array):
            columns = [array[..., gate * units : (gate + 1) * units] for gate in order]
            return torch.from_numpy(np.concatenate(columns, -1).T.copy())

        for k, suffix in enumerate(("", "_reverse")[: 1 + both]):
            kernel, recurrent, bias = weights[3 * k : 3 * k + 3]
            # A GRU that resets after the product has two rows of bias, the others one.
            rows = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
            values = {"weight_ih": kernel, "weight_hh": recurrent, "bias_ih": rows[0], "bias_hh": rows[1]}
            for name, value in values.items():
                getattr(self.cell, f"{name}_l0{suffix}").data.copy_(gates(value))

    def forward(self, x):
        sequences, state = self.cell(x)
        if self.sequences:
            return sequences
        h = state[0] if isinstance(state, tuple) else state
        return torch.cat(tuple(h), -1)


def layer(kind, config, weights):
    if config.get("maskZero"):
        raise NotImplementedError("it has no masks")
    if kind == "Embedding":
        return nn.Embedding.from_pretrained(torch.from_numpy(weights[0]), freeze=False)
    if kind == "Dropout":
        return nn.Dropout(config["rate"])
    if kind == "Dense":
        made = nn.Linear(*weights[0].shape)
        made.weight.data.copy_(torch.from_numpy(weights[0].T.copy()))
        made.bias.data.copy_(torch.from_numpy(weights[1]))
        return made
    if kind == "Bidirectional":
        kind, config = config["layer"]["className"], config["layer"]["config"]
    return Recurrent(kind, config, weights)


class Model:
    def __init__(self, folder):
        left = folder.weights()
        stack = []
        for entry in folder.plan["layers"]:
            own, left = left[: entry["weights"]], left[entry["weights"] :]
            stack.append(layer(entry["kind"], entry["config"], own))
        self.made = nn.Sequential(*stack).to(DEVICE)
        self.activation = ACTIVATIONS[folder.plan["layers"][-1]["config"]["activation"]]
        self.loss = LOSSES[folder.plan["compile"]["loss"]]
        self.optimizer = OPTIMIZERS[folder.plan["compile"]["optimizer"]](self.made.parameters())

    def train(self, x, y):
        self.made.train()
        self.optimizer.zero_grad()
        loss = self.loss(self.made(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def predict(self, x):
        self.made.eval()
        with torch.no_grad():
            return self.activation(self.made(x)).cpu().numpy()
