import { readFixture } from "@rnnkit/fixtures";
import { expect, test } from "vitest";
import type { Cell } from "./cell.ts";
import { gruCell } from "./gru-cell.ts";
import { lstmCell } from "./lstm-cell.ts";
import { runSequence, runSequenceBackward } from "./sequence.ts";
import { simpleRnnCell } from "./simple-rnn-cell.ts";

/** Of softmax.py in the fixtures, whose waves these are: Keras's numbers in float64. */
const cases = readFixture("softmax.json");
const [B, T, I, H] = [2, 3, 2, 3];
const near = { rtol: 1e-9, atol: 1e-9 };

const wave = (size: number, k: number): Float64Array =>
  Float64Array.from({ length: size }, (_, j) => 2 * Math.fround(0.5 * Math.sin(k * (j + 1))));

const cells = {
  SimpleRNN: simpleRnnCell,
  LSTM: lstmCell,
  GRU: gruCell,
} as const;

for (const { layer, outputs, gradients } of cases) {
  const { class_name, config } = layer;
  test(`${class_name} ${JSON.stringify(config)}: Keras's outputs and gradients, under a mask`, () => {
    const cell: Cell = cells[class_name as keyof typeof cells]({
      inputSize: I,
      units: H,
      activation: config.activation,
      recurrentActivation: config.recurrent_activation,
      resetAfter: config.reset_after,
    });
    const columns = cell.gates * H;
    const rows = cell.biasShape.length === 2 ? 2 : 1;
    const [kernel, recurrentKernel, bias] = [I, H, rows].map((n, j) =>
      wave(n * columns, 0.7 + j / 10),
    );
    const params = { kernel, recurrentKernel, bias };
    const x = { data: wave(B * T * I, 1.3), shape: [B, T, I] };
    const result = runSequence(cell, params, x as never, { mask: [1, 0, 1, 0, 1, 1] });
    expect(result.outputs.data).toBeAllclose(outputs, near);
    const dOutputs = wave(B * T * H, 0.9);
    const { dx, dParams } = runSequenceBackward(cell, params, result.tape, { dOutputs });
    const got = [dx, dParams.kernel, dParams.recurrentKernel, dParams.bias!];
    for (const [i, gradient] of got.entries()) expect(gradient).toBeAllclose(gradients[i], near);
  });
}
