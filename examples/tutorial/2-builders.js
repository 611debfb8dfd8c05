// Part II: five kinds of RNN. keras-builders has each of these functions by its name, with options.
import { selectBackend } from "@rnnkit/backend-select";
import { layers } from "@rnnkit/keras-builders";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend();

// 1. Simple RNN layers
function buildSimpleRnnModel(inputShape, outputUnits) {
  const model = sequential();
  model.add(layers.simpleRNN({ units: 64, returnSequences: true, inputShape }));
  model.add(layers.dropout({ rate: 0.2 }));
  model.add(layers.simpleRNN({ units: 32 }));
  model.add(layers.dense({ units: outputUnits }));
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

// 2. LSTM and GRU
function buildLstmGruModel(inputShape, outputUnits) {
  const model = sequential();
  model.add(layers.lstm({ units: 64, returnSequences: true, inputShape }));
  model.add(layers.gru({ units: 32 }));
  model.add(layers.dense({ units: outputUnits }));
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

// 3. Both directions
function buildBidirectionalRnnModel(inputShape, outputUnits) {
  const model = sequential();
  const lstm = layers.lstm({ units: 64, returnSequences: true });
  model.add(layers.bidirectional({ layer: lstm, inputShape }));
  model.add(layers.bidirectional({ layer: layers.gru({ units: 32 }) }));
  model.add(layers.dense({ units: outputUnits }));
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

// 4. Layers on top of each other
function buildStackedRnnModel(inputShape, outputUnits) {
  const model = sequential();
  model.add(layers.lstm({ units: 64, returnSequences: true, inputShape }));
  model.add(layers.lstm({ units: 32, returnSequences: true }));
  model.add(layers.gru({ units: 16 }));
  model.add(layers.dense({ units: outputUnits }));
  model.compile({ optimizer: "adam", loss: "mse" });
  return model;
}

// 5. Sequences of different lengths. The loss takes probabilities: softmax, which the Python lacks
function buildVariableLengthModel(maxSequenceLength, vocabSize, outputUnits) {
  const model = sequential();
  const size = { inputDim: vocabSize, outputDim: 64, inputLength: maxSequenceLength };
  model.add(layers.embedding({ ...size, maskZero: true }));
  model.add(layers.lstm({ units: 64 }));
  model.add(layers.dense({ units: outputUnits, activation: "softmax" }));
  const loss = "sparse_categorical_crossentropy";
  model.compile({ optimizer: "adam", loss, metrics: ["accuracy"] });
  return model;
}

// A time series: 10 time steps with 5 features, and one number to predict
const inputShape = [10, 5];
const outputUnits = 1;
buildSimpleRnnModel(inputShape, outputUnits).summary();
buildLstmGruModel(inputShape, outputUnits).summary();
buildBidirectionalRnnModel(inputShape, outputUnits).summary();
buildStackedRnnModel(inputShape, outputUnits).summary();

// Texts of 10 classes
const maxSequenceLength = 100;
const vocabSize = 10000;
buildVariableLengthModel(maxSequenceLength, vocabSize, 10).summary();
