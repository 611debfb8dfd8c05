// Sequence to sequence: an encoder reads, its last state is all that the decoder has to write from. Here digits come
// back in the opposite order; translation is the same with words.
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { input, model as modelOf } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

const length = 4;
const start = 0; // what the decoder reads first; the digits are 1 to 9
const symbols = 10;
const units = 32;
const rows = 2000;
const random = seededRandom(1);
const drawn = new Map(); // each row of digits once, so that those of the test were never read
while (drawn.size < 2200) {
  const digits = Array.from({ length }, () => 1 + Math.floor(random.uniform() * 9));
  drawn.set(`${digits}`, digits);
}
const sources = [...drawn.values()];
const targets = sources.map((digits) => digits.toReversed());
const tensor = (some) =>
  toTensor({ data: Int32Array.from(some.flat()), shape: [some.length, length] });

// Layers, shared by the model that is trained and the two that write
const embedding = layers.embedding({ inputDim: symbols, outputDim: 16 });
const encoder = layers.lstm({ units, returnState: true });
const decoder = layers.lstm({ units, returnSequences: true, returnState: true });
const head = layers.dense({ units: symbols, activation: "softmax" });
const source = input({ shape: [null], dtype: "int32" });
const written = input({ shape: [null], dtype: "int32" });

/** Of digits written so far and states: what may come next, and the states afterwards. @returns {any[]} */
function decoded(digits, before) {
  const [outputs, ...after] = [decoder.apply([embedding.apply(digits), ...before])].flat();
  return [head.apply(outputs), ...after];
}

// Teacher forcing: in training the decoder reads the right digits, one step late
/** @type {any[]} */
const [, ...states] = [encoder.apply(embedding.apply(source))].flat();
const [scored] = decoded(written, states);
const trained = modelOf({ inputs: [source, written], outputs: scored });
const loss = "sparse_categorical_crossentropy";
trained.compile({ optimizer: adam({ learningRate: 0.01 }), loss });
const late = targets.map((digits) => [start, ...digits.slice(0, -1)]);
const inputs = [tensor(sources.slice(0, rows)), tensor(late.slice(0, rows))];
await trained.fit(inputs, tensor(targets.slice(0, rows)), { epochs: 6, batchSize: 100 });

// Writing: the encoder once, then the decoder step by step, from its own last digit and state
const encode = modelOf({ inputs: source, outputs: states });
const given = states.map(() => input({ shape: [units] }));
const decode = modelOf({ inputs: [written, ...given], outputs: decoded(written, given) });

const tests = sources.slice(rows);
const answers = tests.map(() => [start]);
let state = [encode.predict(tensor(tests))].flat();
for (let t = 0; t < length; t++) {
  const last = Int32Array.from(answers, (digits) => digits[t]);
  const now = toTensor({ data: last, shape: [tests.length, 1] });
  const [scores, ...next] = [decode.predict([now, ...state])].flat();
  const { data } = fromTensor(scores);
  for (const [i, digits] of answers.entries()) {
    const row = data.slice(i * symbols, (i + 1) * symbols);
    digits.push(row.indexOf(Math.max(...row))); // greedy: the likeliest
  }
  state = next;
}
for (const digits of answers) digits.shift(); // the start

const right = (some) =>
  some.filter((digits, i) => `${digits}` === `${targets[rows + i]}`).length / tests.length;
console.log(`${tests[0].join(" ")} became ${answers[0].join(" ")}`);
console.log(
  `wholly right of ${tests.length} never seen: ${right(answers).toFixed(3)}, unchanged: ${right(tests).toFixed(3)}`,
);
