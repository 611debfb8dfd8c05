import { selectBackend } from "@rnnkit/backend-select";
import { type Cell, lstmCell } from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { beforeAll, expect, test } from "vitest";
import { checkAgreement, checkThreads, relativeError } from "./agreement.ts";
import { createProblem, opNamed, type RecurrentOp, recurrentOps } from "./recurrent-ops.ts";

beforeAll(() => selectBackend({ require: "wasm" }));

test.each(recurrentOps.map((op) => [op.name, op] as const))(
  "%s agrees with the reference, and the check leaves no tensor",
  async (_, op) => {
    await expectNoTensorLeak(() => checkAgreement(op, [{ B: 32, T: 500, I: 7, H: 9, dx: true }]));
  },
);

test("an operation that is another one is refused, by the name of what differs", () => {
  const wrong: RecurrentOp = {
    ...opNamed("lstm"),
    reference: (inputSize, units) => lstmCell({ inputSize, units, activation: "sigmoid" }) as Cell,
  };
  expect(() => checkAgreement(wrong, [])).toThrow(
    /lstm: expected outputs within 0\.00001 of the reference at I 5, H 6, got 0\.\d/,
  );
});

test("an error of twice the tolerance in one gradient is seen", () => {
  const lstm = opNamed("lstm");
  const wrong: RecurrentOp = {
    ...lstm,
    reference: (inputSize, units) => {
      const cell = lstm.reference(inputSize, units);
      return {
        ...cell,
        stepBackward: (params, step, dOutput, dState, dParams) => {
          const gradients = cell.stepBackward(params, step, dOutput, dState, dParams);
          return { ...gradients, dx: gradients.dx.map((value) => value * (1 + 2e-5)) };
        },
      };
    },
  };
  expect(() => checkAgreement(wrong, [])).toThrow(/lstm: expected dx within/);
});

test("thread counts that agree pass, and the number of threads is as before", () => {
  const problem = createProblem(opNamed("lstm"), { B: 16, T: 40, I: 16, H: 24, dx: true }, 1);
  expect(() => checkThreads(problem, [1, 2, 3])).not.toThrow();
  problem.dispose();
});

test("the relative error is of the largest element, and NaN is never small", () => {
  expect(relativeError([1, 2, 4.5], [1, 2, 5])).toBeAllclose(0.1, { rtol: 1e-12 });
  expect(relativeError([Number.NaN, 1], [1, 1])).toBeNaN();
  expect(relativeError([1], [1, 1])).toBeNaN();
  expect(relativeError([0.25], [0])).toBe(0.25);
});
