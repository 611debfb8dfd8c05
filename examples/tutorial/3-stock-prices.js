// Part III, short listing: stock prices
import { selectBackend } from "@rnnkit/backend-select";
import { fromTensor, layers, toTensor } from "@rnnkit/keras-builders";
import { createSequences, MinMaxScaler, rootMeanSquaredError } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend();

// 1. Data: random numbers, which nobody can forecast
const scaler = new MinMaxScaler();
const data = scaler.fitTransform(Array.from({ length: 1000 }, () => Math.random()));

// Windows, and the value after each
const seqLength = 20;
const { x, y } = createSequences(data, seqLength);

// Training part and test part
const trainSize = Math.floor(x.shape[0] * 0.8);
const sizes = [trainSize, x.shape[0] - trainSize];
const [xTrain, xTest] = tf.split(toTensor(x), sizes);
const [yTrain, yTest] = tf.split(toTensor(y), sizes);

// 2. Model
const model = sequential();
model.add(layers.lstm({ units: 50, inputShape: [seqLength, 1] }));
model.add(layers.dense({ units: 1 }));

// 3. Compile and train
model.compile({ optimizer: "adam", loss: "mse" });
await model.fit(xTrain, yTrain, { epochs: 50, batchSize: 32 });

// 4. Predict, and scale back
const unscaled = (y) => scaler.inverseTransform(fromTensor(y));
const predictions = unscaled(model.predict(xTest));

// No model can err by less than the deviation of uniform random numbers, 0.289
console.log("RMSE:", rootMeanSquaredError(unscaled(yTest), predictions));
