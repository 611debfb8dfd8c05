// Part II, 3: both directions
import { selectBackend } from "@rnnkit/backend-select";
import { layers } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend();
const model = sequential();
model.add(layers.bidirectional({ layer: layers.lstm({ units: 64 }), inputShape: [10, 5] }));
model.add(layers.dense({ units: 1 }));
model.summary();
