// Part IV, full listing: four cells on the sentiment of IMDB reviews
import { writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import { selectBackend } from "@rnnkit/backend-select";
import { loadData } from "@rnnkit/datasets-imdb";
import { layers, toTensor } from "@rnnkit/keras-builders";
import { padSequences } from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";
import { parseHTML } from "linkedom";

await selectBackend();

// 1. Load the reviews
const vocabSize = 10000; // keep the most frequent 10,000 words
const maxlen = 500; // words of a review
const batchSize = 32;
console.log("Loading...");
const { train, test } = await loadData({ numWords: vocabSize });
console.log(`training reviews: ${train.y.length}, test reviews: ${test.y.length}`);

// 2. Pad them
function tensors({ x, y }) {
  const padded = padSequences(x, { maxLen: maxlen });
  return [toTensor(padded), toTensor({ data: y, shape: [y.length, 1] })];
}
const [xTrain, yTrain] = tensors(train);
const [xTest, yTest] = tensors(test);
console.log("input shape:", xTrain.shape);

// 3. Build the models
function buildModel(cell) {
  const model = sequential();
  model.add(layers.embedding({ inputDim: vocabSize, outputDim: 32, inputLength: maxlen }));
  model.add(cell);
  model.add(layers.dense({ units: 1, activation: "sigmoid" }));
  model.compile({ optimizer: "rmsprop", loss: "binary_crossentropy", metrics: ["acc"] });
  return model;
}
const buildSimpleRnnModel = () => buildModel(layers.simpleRNN({ units: 32 }));
const buildLstmModel = () => buildModel(layers.lstm({ units: 32 }));
const buildGruModel = () => buildModel(layers.gru({ units: 32 }));
const buildBidirectionalLstmModel = () =>
  buildModel(layers.bidirectional({ layer: layers.lstm({ units: 32 }) }));

// 4. Train and evaluate
async function trainAndEvaluateModel(modelBuilder, modelName) {
  console.log(`\ntraining ${modelName}...`);
  const model = modelBuilder();
  const history = await model.fit(xTrain, yTrain, {
    epochs: 10,
    batchSize,
    validationSplit: 0.2,
    callbacks: { onEpochEnd: (epoch, logs) => console.log(epoch + 1, JSON.stringify(logs)) },
  });
  const [, testAcc] = model.evaluate(xTest, yTest);
  console.log(`${modelName} test accuracy: ${testAcc.dataSync()[0].toFixed(4)}`);
  return history;
}

// 5. Plot the histories: a colour a model, training solid, validation dashed
function plotHistory(histories, keys = ["acc", "loss"]) {
  const { document } = parseHTML("<html></html>");
  const curves = (key, strokeDasharray) =>
    Object.entries(histories).map(([name, { history }]) =>
      Plot.lineY(history[key], { stroke: () => name, strokeDasharray }),
    );
  const plots = keys.map((key) =>
    Plot.plot({
      document,
      x: { label: "Epochs" },
      y: { label: key },
      color: { legend: true },
      marks: [curves(key), curves(`val_${key}`, "5,4")],
    }),
  );
  writeFileSync(
    new URL("imdb-four-cells.html", import.meta.url),
    plots.map((plot) => plot.outerHTML).join("\n"),
  );
}

// 6. Main
const models = {
  simple_rnn: buildSimpleRnnModel,
  lstm: buildLstmModel,
  gru: buildGruModel,
  bidirectional_lstm: buildBidirectionalLstmModel,
};
const histories = {};
for (const [name, builder] of Object.entries(models)) {
  histories[name] = await trainAndEvaluateModel(builder, name);
}
plotHistory(histories);
