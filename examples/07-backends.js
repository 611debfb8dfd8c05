// Which backend? The rule, the times measured here for a model of these sizes, and the numbers, which are the same.
import { selectBackend } from "@rnnkit/backend-select";
import { buildStockForecaster, toTensor } from "@rnnkit/keras-builders";
import { createSequences, generateTimeSeries } from "@rnnkit/preprocess";

// Why each was taken or passed over: a broken or a missing one is a reason, not an error
const byRule = await selectBackend();
for (const { name, outcome, reason } of byRule.candidates)
  console.log(`${name} ${outcome}: ${reason}`);

// A training step of our sizes, timed on each that works
const measured = await selectBackend({
  measure: { cell: "lstm", batch: 32, steps: 20, inputSize: 1, units: 16 },
});
for (const { name, ms } of measured.candidates)
  if (ms) console.log(`${name}: ${ms.toFixed(2)} ms a step`);
console.log(`fastest here: ${measured.name}`);

// The same training on two of them, by name
const { x, y } = createSequences(generateTimeSeries({ length: 300, seed: 1 }), 20);
async function lossesOn(name) {
  await selectBackend({ require: name });
  const model = buildStockForecaster(20, { units: 16, seed: 1, learningRate: 0.01 });
  const { history } = await model.fit(toTensor(x), toTensor(y), { epochs: 5, batchSize: 32 });
  return history.loss.map(Number);
}
const [wasm, cpu] = [await lossesOn("wasm"), await lossesOn("cpu")];
console.log(`losses on wasm: ${wasm.map((loss) => loss.toFixed(4)).join(" ")}`);
const apart = Math.max(...wasm.map((loss, i) => Math.abs(loss - cpu[i])));
console.log(`on cpu, at most apart: ${apart.toExponential(1)}`);
