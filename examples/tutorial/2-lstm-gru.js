// Part II, 2: LSTM and GRU
import { selectBackend } from "@rnnkit/backend-select";
import { layers } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend();
const model = sequential();
model.add(layers.lstm({ units: 64, returnSequences: true, inputShape: [10, 5] }));
model.add(layers.gru({ units: 32 }));
model.add(layers.dense({ units: 1 }));
model.summary();
