// Part III, full listing: time series prediction
import { writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import { selectBackend } from "@rnnkit/backend-select";
import { fromTensor, layers, toTensor } from "@rnnkit/keras-builders";
import { MinMaxScaler, prepareData, rootMeanSquaredError } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { parseHTML } from "linkedom";

await selectBackend();

// 1. Generate a time series
function generateTimeSeries(nSteps) {
  const time = tf.linspace(0, 2 * Math.PI, nSteps);
  return fromTensor(tf.add(tf.sin(time), tf.randomNormal([nSteps], 0, 0.1)));
}

// 2. Windows of it: prepareData of @rnnkit/preprocess

// 3. Build the LSTM model
function buildLstmModel(nTimesteps, nFeatures, nPredictions) {
  const inputShape = [nTimesteps, nFeatures];
  const model = sequential();
  model.add(layers.lstm({ units: 50, activation: "relu", inputShape, returnSequences: true }));
  model.add(layers.dropout({ rate: 0.2 }));
  model.add(layers.lstm({ units: 50, activation: "relu" }));
  model.add(layers.dropout({ rate: 0.2 }));
  model.add(layers.dense({ units: nPredictions }));
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

// 4. Main
const nSteps = 1000;
const series = generateTimeSeries(nSteps);

// Scale
const scaler = new MinMaxScaler({ featureRange: [0, 1] });
const scaled = scaler.fitTransform(series);

// Training part and test part
const trainSize = Math.floor(nSteps * 0.8);
const train = scaled.data.subarray(0, trainSize);
const test = scaled.data.subarray(trainSize);

// Windows of each
const nTimesteps = 20; // steps to look back
const nPredictions = 1; // steps to look ahead
const tensors = ({ x, y }) => [toTensor(x), toTensor(y)];
const [xTrain, yTrain] = tensors(prepareData(train, nTimesteps, nPredictions));
const [xTest, yTest] = tensors(prepareData(test, nTimesteps, nPredictions));

// Build and train
const nFeatures = 1;
const model = buildLstmModel(nTimesteps, nFeatures, nPredictions);
await model.fit(xTrain, yTrain, {
  epochs: 50,
  batchSize: 32,
  validationData: [xTest, yTest],
  callbacks: { onEpochEnd: (epoch, logs) => console.log(epoch + 1, JSON.stringify(logs)) },
});

// Predict, and scale back
const unscaled = (y) => scaler.inverseTransform(fromTensor(y));
const [trainPredicted, testPredicted] = [xTrain, xTest].map((x) => unscaled(model.predict(x)));
const [trainActual, testActual] = [yTrain, yTest].map(unscaled);

// RMSE
const trainRmse = rootMeanSquaredError(trainActual, trainPredicted);
const testRmse = rootMeanSquaredError(testActual, testPredicted);
console.log(`Train RMSE: ${trainRmse.toFixed(3)}`);
console.log(`Test RMSE: ${testRmse.toFixed(3)}`);

// Plot
const { document } = parseHTML("<html></html>");
const line = ({ data }, label) => Plot.lineY(data, { stroke: () => label });
const plot = Plot.plot({
  document,
  width: 1200,
  height: 600,
  title: "Time Series Prediction",
  x: { label: "Time Step" },
  y: { label: "Value" },
  color: { legend: true },
  marks: [line(testActual, "Actual"), line(testPredicted, "Predicted")],
});
writeFileSync(new URL("time-series.html", import.meta.url), plot.outerHTML);
