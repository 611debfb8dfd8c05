// @ts-check
// Prints how long padding 25,000 generated reviews to 500 steps takes, ragged and nested.
// Needs a build: it times the package as it is published.
import { padSequences } from "@rnnkit/preprocess";

const count = 25_000;
const offsets = new Int32Array(count + 1);
// Lengths as skewed as IMDB's: from 11 to about 2,500, mean near 235.
let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
for (let i = 0; i < count; i++) {
  offsets[i + 1] = offsets[i] + Math.min(2500, Math.round(11 - 224 * Math.log(1 - uniform())));
}
const values = new Int32Array(offsets[count]).map(() => 1 + Math.floor(uniform() * 9999));
const rows = Array.from({ length: count }, (_, i) => values.subarray(offsets[i], offsets[i + 1]));
const forms = {
  "ragged { values, offsets }": { values, offsets },
  "typed arrays": rows,
  "plain arrays": rows.map((row) => Array.from(row)),
};

/** @param {number[]} times */
const summary = (times) => {
  times.sort((a, b) => a - b);
  return `${times[4].toFixed(0)} ms (${times[0].toFixed(0)} to ${times[8].toFixed(0)})`;
};

console.log(`${count} reviews, ${values.length} tokens, padded to 500; median of 9 runs (range)`);
for (const [form, sequences] of Object.entries(forms)) {
  const elapsed = [];
  const cpu = [];
  for (let run = 0; run < 9; run++) {
    const used = process.cpuUsage();
    const start = performance.now();
    padSequences(sequences, { maxLen: 500 });
    elapsed.push(performance.now() - start);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1000);
  }
  console.log(`${form}: elapsed ${summary(elapsed)}, processor ${summary(cpu)}`);
}
