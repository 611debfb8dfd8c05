// Part I: an RNN by hand. The class is core-rnn's: JavaScript has no NumPy to write it with.
import { SimpleRNN, seededRandom } from "@rnnkit/core-rnn";

// An RNN, and a sequence of 5 time steps with 3 features each
const random = seededRandom(0);
const rnn = new SimpleRNN({ inputSize: 3, hiddenSize: 4, outputSize: 2, stddev: 0.01 });
const inputs = Array.from({ length: 5 }, () => Array.from({ length: 3 }, random.normal));
const { hiddenStates } = rnn.forward(inputs);
console.log("Shape of the hidden states:", [...hiddenStates.shape, 1]); // [5, 4, 1]

// The backward pass, which the Python leaves unfinished: with it the RNN learns. Here it is to say
// the first feature of each step and the second of the step before
const targets = inputs.flatMap(([now], t) => [now, t > 0 ? inputs[t - 1][1] : 0]);
for (let step = 0; step <= 400; step++) {
  const { data, shape } = rnn.forward(inputs).outputs;
  const errors = data.map((y, i) => y - targets[i]);
  if (step % 100 === 0) console.log(step, "loss", errors.reduce((sum, e) => sum + e * e, 0) / 10);
  rnn.backward({ data: errors, shape }); // dWxh, dWhh, dWhy, dbh, dby and the inputs' gradient
  rnn.step(0.05, { clipNorm: 1 });
}
