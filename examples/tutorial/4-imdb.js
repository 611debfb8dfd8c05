// Part IV, short listing: sentiment of IMDB reviews
import { selectBackend } from "@rnnkit/backend-select";
import { loadData } from "@rnnkit/datasets-imdb";
import { layers, toTensor } from "@rnnkit/keras-builders";
import { padSequences } from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend();

// 1. Load the reviews
const vocabSize = 10000;
const maxLength = 200;
const { train } = await loadData({ numWords: vocabSize });
const xTrain = toTensor(padSequences(train.x, { maxLen: maxLength }));
const yTrain = toTensor({ data: train.y, shape: [train.y.length, 1] });

// 2. Build the model
const model = sequential();
model.add(layers.embedding({ inputDim: vocabSize, outputDim: 64 }));
model.add(layers.bidirectional({ layer: layers.lstm({ units: 64 }) }));
model.add(layers.dense({ units: 1, activation: "sigmoid" }));

// 3. Compile and train
model.compile({ optimizer: "adam", loss: "binary_crossentropy", metrics: ["accuracy"] });
const callbacks = { onEpochEnd: (epoch, logs) => console.log(epoch + 1, JSON.stringify(logs)) };
await model.fit(xTrain, yTrain, { epochs: 5, validationSplit: 0.2, callbacks });
