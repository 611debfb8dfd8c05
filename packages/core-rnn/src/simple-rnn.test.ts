import { expect, test } from "vitest";
import { checkGradients } from "./check-gradients.ts";
import { seededRandom } from "./random.ts";
import { SimpleRNN } from "./simple-rnn.ts";

const sizes = { inputSize: 2, hiddenSize: 5, outputSize: 3, seed: 1 };
const draw = (length: number, seed = 7) => Float64Array.from({ length }, seededRandom(seed).normal);

test("forward is the two equations, worked by hand", () => {
  const rnn = new SimpleRNN({ inputSize: 1, hiddenSize: 1, outputSize: 2, activation: "linear" });
  rnn.weights.Wxh[0] = 2;
  rnn.weights.Whh[0] = 0.5;
  rnn.weights.bh[0] = 1;
  rnn.weights.Why.set([3, -1]);
  rnn.weights.by.set([0, 10]);
  const { hiddenStates, outputs } = rnn.forward([[1], [2]], Float64Array.of(4));
  // h₁ = 2·1 + 0.5·4 + 1 = 5, h₂ = 2·2 + 0.5·5 + 1 = 7.5
  expect(hiddenStates).toEqual({ data: Float64Array.of(5, 7.5), shape: [2, 1] });
  // y₁ = (15, -5 + 10), y₂ = (22.5, -7.5 + 10)
  expect(outputs).toEqual({ data: Float64Array.of(15, 5, 22.5, 2.5), shape: [2, 2] });
});

test("backward gives every gradient: both layers, both biases, inputs, initial state", () => {
  const rnn = new SimpleRNN(sizes);
  const inputs = { data: draw(6 * 2), shape: [6, 2] };
  const initialState = draw(5, 8);
  const [a, b] = [draw(6 * 3, 9), draw(6 * 5, 10)];
  const loss = () => {
    const { hiddenStates, outputs } = rnn.forward(inputs, initialState);
    const direct = outputs.data.reduce((sum, y, i) => sum + a[i] * y, 0);
    return hiddenStates.data.reduce((sum, h, i) => sum + b[i] * h, direct);
  };
  loss();
  const g = rnn.backward({ data: a, shape: [6, 3] }, { data: b, shape: [6, 5] });
  checkGradients(
    loss,
    { ...rnn.weights, inputs: inputs.data, initialState },
    {
      Wxh: g.dWxh,
      Whh: g.dWhh,
      Why: g.dWhy,
      bh: g.dbh,
      by: g.dby,
      inputs: g.dInputs,
      initialState: g.dInitialState,
    },
  );
});

test("it learns to echo what it heard two steps ago: the loss falls tenfold", () => {
  const rnn = new SimpleRNN({ inputSize: 1, hiddenSize: 12, outputSize: 1, seed: 3 });
  const random = seededRandom(4);
  const steps = 12;
  const episode = () => {
    const heard = Array.from({ length: steps }, () => [random.uniform() - 0.5]);
    const target = heard.map((_, t) => (t < 2 ? 0 : heard[t - 2][0]));
    const { outputs } = rnn.forward(heard);
    const error = outputs.data.map((y, t) => y - target[t]);
    const loss = error.reduce((sum, e) => sum + e * e, 0) / steps;
    rnn.backward({ data: error.map((e) => (2 * e) / steps), shape: [steps, 1] });
    rnn.step(0.1, { clipNorm: 1 });
    return loss;
  };
  const mean = (episodes: number) => {
    let sum = 0;
    for (let k = 0; k < episodes; k++) sum += episode();
    return sum / episodes;
  };
  const before = mean(20);
  mean(3000);
  expect(mean(100)).toBeLessThan(before / 10);
});

test("clipNorm scales all five gradients together to that norm, and only downwards", () => {
  const change = (clipNorm?: number) => {
    const rnn = new SimpleRNN(sizes);
    const before = Object.values(rnn.weights).flatMap((w) => [...w]);
    rnn.forward({ data: draw(8), shape: [4, 2] });
    rnn.backward({ data: draw(12), shape: [4, 3] });
    rnn.step(1, { clipNorm });
    return Object.values(rnn.weights)
      .flatMap((w) => [...w])
      .map((w, i) => w - before[i]);
  };
  const norm = (v: number[]) => Math.hypot(...v);
  const whole = change();
  const clipped = change(0.25);
  expect(norm(whole)).toBeGreaterThan(1);
  expect(norm(clipped)).toBeAllclose(0.25, { rtol: 1e-12 });
  expect(clipped).toBeAllclose(
    whole.map((w) => (w * 0.25) / norm(whole)),
    { rtol: 1e-9, atol: 1e-14 },
  );
  expect(change(1e9)).toEqual(whole);
});

test("the seed fixes the initial weights", () => {
  const weights = (seed: number) => new SimpleRNN({ ...sizes, seed }).weights;
  expect(weights(5)).toEqual(weights(5));
  expect(weights(5).Why).not.toEqual(weights(6).Why);
});

test("the tutorial's start: three kernels normal times 0.01, biases zero", () => {
  const start = { inputSize: 60, hiddenSize: 100, outputSize: 80, stddev: 0.01, seed: 2 };
  const { Wxh, Whh, Why, bh, by } = new SimpleRNN(start).weights;
  const moment = (w: Float64Array, power: number) =>
    w.reduce((sum, x) => sum + (x / 0.01) ** power, 0) / w.length;
  for (const [w, length] of [
    [Wxh, 60 * 100],
    [Whh, 100 * 100],
    [Why, 100 * 80],
  ] as const) {
    expect(w).toHaveLength(length);
    // Of a standard normal, within four standard errors: the mean, variance and fourth moment.
    const within = (variance: number) => ({ rtol: 0, atol: 4 * Math.sqrt(variance / length) });
    expect(moment(w, 1)).toBeAllclose(0, within(1));
    expect(moment(w, 2)).toBeAllclose(1, within(2));
    expect(moment(w, 4)).toBeAllclose(3, within(96));
  }
  expect([...bh, ...by].every((b) => b === 0)).toBe(true);
  expect(new SimpleRNN(start).weights).toEqual(new SimpleRNN(start).weights);
  const other = new SimpleRNN({ ...start, seed: 3 }).weights;
  expect(Whh).not.toEqual(other.Whh);
});

test("from the tutorial's start its example has 5 states of 4 units, and it learns", () => {
  const rnn = new SimpleRNN({ inputSize: 3, hiddenSize: 4, outputSize: 1, stddev: 0.01 });
  const random = seededRandom(5);
  const inputs = Array.from({ length: 5 }, () => [0, 0, 0].map(random.normal));
  const { hiddenStates, outputs } = rnn.forward(inputs);
  expect(hiddenStates.shape).toEqual([5, 4]);
  expect(outputs.shape).toEqual([5, 1]);

  const targets = inputs.map((_, t) => Math.tanh(t === 0 ? 0 : inputs[t - 1][0]));
  const descend = () => {
    const error = rnn.forward(inputs).outputs.data.map((y, t) => y - targets[t]);
    rnn.backward({ data: error, shape: [5, 1] });
    rnn.step(0.1, { clipNorm: 1 });
    return error.reduce((sum, e) => sum + e * e, 0);
  };
  const before = descend();
  for (let step = 0; step < 1000; step++) descend();
  expect(descend()).toBeLessThan(before / 100);
});

test("calls out of order and bad shapes are refused, and the next call works", () => {
  const rnn = new SimpleRNN(sizes);
  expect(() => rnn.backward([[1, 1, 1]])).toThrow("expected a forward before it, got none");
  expect(() => rnn.forward([])).toThrow("expected one or more rows of inputs, got 0");
  expect(() => rnn.forward([[1, 2], [3]])).toThrow("inputs of 2 features, got 1 in row 1");
  expect(() => rnn.forward({ data: draw(3), shape: [1, 3] })).toThrow(
    "expected inputs of shape [T, 2], got [1, 3]",
  );
  rnn.forward([[1, 2]]);
  expect(() =>
    rnn.backward([
      [1, 1, 1],
      [1, 1, 1],
    ]),
  ).toThrow("expected 1 rows of dOutputs, got 2");
  expect(() => rnn.step(0.1)).toThrow("expected a backward before it, got none");
  rnn.backward([[1, 1, 1]]);
  expect(() => rnn.step(Number.NaN)).toThrow("expected a finite learning rate, got NaN");
  expect(() => rnn.step(0.1, { clipNorm: 0 })).toThrow("expected clipNorm above 0, got 0");
  rnn.step(0.1);
  expect(() => rnn.step(0.1)).toThrow("expected a backward before it, got none");
  expect(() => new SimpleRNN({ ...sizes, hiddenSize: 0 })).toThrow(
    "SimpleRNN: expected hiddenSize to be a positive integer, got 0",
  );
  for (const stddev of [0, -0.01, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => new SimpleRNN({ ...sizes, stddev })).toThrow(
      `SimpleRNN: expected stddev above 0, got ${stddev}`,
    );
  }
});

test("a gradient that is not finite leaves the weights as they were", () => {
  const rnn = new SimpleRNN(sizes);
  const before = [...rnn.weights.Wxh];
  rnn.forward([[1, Number.NaN]]);
  rnn.backward([[1, 1, 1]]);
  expect(() => rnn.step(0.1, { clipNorm: 1 })).toThrow(
    "expected finite gradients, got a norm of NaN",
  );
  expect([...rnn.weights.Wxh]).toEqual(before);
});
