// Part II, 1: a simple RNN layer
import { selectBackend } from "@rnnkit/backend-select";
import { layers } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend();
const model = sequential();
model.add(layers.simpleRNN({ units: 64, returnSequences: true, inputShape: [10, 5] }));
model.add(layers.dense({ units: 1 }));
model.summary();
