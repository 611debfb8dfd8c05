import { expect, test } from "vitest";
import type { WorkspaceShape } from "./layout.ts";
import { planOf } from "./workspace.ts";

test("a plan is found by the names of a shape's values, not by their order", () => {
  const shape: WorkspaceShape = {
    ...{ cell: "lstm", B: 2, T: 3, I: 4, H: 5, activation: "tanh", recurrentActivation: "sigmoid" },
    ...{ returnSequences: true, goBackwards: false, reverseOutputs: false },
    ...{ zeroOutputForMask: false, masked: false },
    ...{ dropoutVariants: 0, training: false, byToken: false },
  };
  const { goBackwards, returnSequences, ...rest } = shape;
  const plan = planOf(shape, true, false);
  expect(planOf({ goBackwards, returnSequences, ...rest }, true, false)).toBe(plan);
  const turned = { ...rest, goBackwards: true, returnSequences: false };
  expect(planOf(turned, true, false).template).not.toEqual(plan.template);
  const reversed = { ...shape, reverseOutputs: true };
  expect(planOf(reversed, true, false).template).not.toEqual(plan.template);
});
