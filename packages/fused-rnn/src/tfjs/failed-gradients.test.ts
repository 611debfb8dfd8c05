import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { seededRandom, weightShapes } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { bidirectional, engineMemory, gru, lstm, simpleRnn } from "../index.ts";

const [B, T, H] = [2, 3, 8];
const random = seededRandom(11);
const normal = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 0.4 * random.normal()),
    shape,
  );

const kinds = { simpleRnn: "simpleRnn", lstm: "lstm", gru: "gruAfter", both: "lstm" } as const;
const names = Object.keys(kinds) as (keyof typeof kinds)[];

function layer(name: keyof typeof kinds, x: tf.Tensor, kernel: tf.Tensor): tf.Tensor {
  const weights = { kernel, recurrentKernel: kernel };
  const sequence = x as tf.Tensor3D;
  if (name !== "both") return { simpleRnn, lstm, gru }[name](sequence, weights).outputs;
  const [y, z] = bidirectional("lstm", sequence, [weights, weights]);
  return tf.add(y.outputs, z.outputs);
}

/** Calls **forward** with what goes through it, and **backward** with what comes back. */
function point(y: tf.Tensor, forward: () => void, backward: () => void): tf.Tensor {
  return tf.customGrad((x) => {
    forward();
    return {
      value: tf.clone(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => {
        backward();
        return tf.clone(dy);
      },
    };
  })(y);
}

/** Tensors that tfjs itself keeps of a pass that threw: what its operations saved for their gradients. */
function savedByTfjs(): number {
  const { activeTape } = tf.engine().state;
  return (activeTape ?? []).flatMap(({ saved }) => saved ?? []).filter((t) => !t.isDisposed).length;
}

type Points = (i: number) => { forward(): void; backward(): void };
const quiet: Points = () => ({ forward: () => {}, backward: () => {} });

/** Layers on top of each other, a point before each and one behind the last. */
function stackOf(cells: readonly (keyof typeof kinds)[], points: Points) {
  return (x: tf.Tensor, ...kernels: tf.Tensor[]): tf.Tensor => {
    const passed = (y: tf.Tensor, i: number) => {
      const { forward, backward } = points(i);
      return point(y, forward, backward);
    };
    const top = cells.reduce((y, name, i) => layer(name, passed(y, i), kernels[i]!), x);
    return tf.sum(tf.square(passed(top, cells.length)));
  };
}

const cellsOfAStack = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
  });

  const stack = (cells: readonly (keyof typeof kinds)[]) => {
    const inputs = [
      normal(B, T, H),
      ...cells.map((name) => normal(...weightShapes(kinds[name], H, H).kernel)),
    ];
    const gradients = (points: Points) =>
      tf.tidy(() =>
        tf
          .grads(stackOf(cells, points))(inputs)
          .map((dx) => dx.dataSync()),
      );
    return { inputs, gradients, wanted: gradients(quiet) };
  };

  test("wherever a gradient throws, nothing of it stays, and the next one is right", () => {
    const where = fc.record({
      at: fc.nat(3),
      phase: fc.constantFrom("forward", "backward", "loss", "result", "scalar"),
    });
    fc.assert(
      fc.property(cellsOfAStack, where, fc.boolean(), (cells, { at, phase }, variables) => {
        const { inputs, gradients, wanted } = stack(cells);
        const trained = inputs.map((input) => tf.variable(input));
        const stop = (now: string, i: number) => () => {
          if (now === phase && i === Math.min(at, cells.length)) throw new Error("stop");
        };
        const f = stackOf(cells, (i) => ({
          forward: stop("forward", i),
          backward: stop("backward", i),
        }));
        const loss = (...given: tf.Tensor[]): tf.Tensor => {
          const y = f(...(given as [tf.Tensor]));
          if (phase === "loss") throw new Error("stop");
          if (phase === "result") return undefined as never;
          // Not a scalar: tfjs refuses it after the whole backward pass, with variables.
          return phase === "scalar" ? tf.stack([y, y]) : y;
        };
        const before = tf.memory().numTensors;
        const run = () =>
          tf.tidy(() => {
            if (variables) tf.variableGrads((() => loss(...trained)) as () => tf.Scalar);
            else tf.grads(loss)(inputs);
          });
        if (phase === "scalar" && !variables) run();
        else expect(run).toThrow();
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
        expect(tf.memory().numTensors - before).toBe(savedByTfjs());
        const again = gradients(quiet);
        expect(again).toEqual(wanted);
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
        tf.dispose([inputs, trained]);
      }),
      { numRuns: 60 },
    );
  });

  test("nothing is given back while the backward pass still asks", () => {
    fc.assert(
      fc.property(cellsOfAStack, fc.nat(3), (cells, at) => {
        const { inputs, gradients, wanted } = stack(cells);
        const seen: number[] = [];
        const asked = gradients((i) => ({
          forward: () => {},
          backward: () => {
            if (i !== Math.min(at, cells.length)) return;
            seen.push(engineMemory().pending);
            tf.dispose(layer(cells[0]!, inputs[0]!, inputs[1]!));
          },
        }));
        expect(asked).toEqual(wanted);
        expect(seen[0]).toBeGreaterThanOrEqual(cells.length);
        tf.dispose(inputs);
      }),
      { numRuns: 20 },
    );
  });

  test("a gradient that throws inside another one leaves that one whole", () => {
    fc.assert(
      fc.property(cellsOfAStack, fc.nat(3), (cells, at) => {
        const { inputs, gradients, wanted } = stack(cells);
        const asked = gradients((i) => ({
          forward: () => {
            if (i !== Math.min(at, cells.length)) return;
            const broken = (x: tf.Tensor) => {
              layer(cells[0]!, x, inputs[1]!);
              throw new Error("stop");
            };
            expect(() => tf.grad(broken)(inputs[0]!)).toThrow("stop");
          },
          backward: () => {},
        }));
        expect(asked).toEqual(wanted);
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
        tf.dispose(inputs);
      }),
      { numRuns: 20 },
    );
  });

  test("a gradient asked for when its scope has ended is refused, and spoils nothing", () => {
    const { inputs, gradients, wanted } = stack(["lstm"]);
    const [x, kernel] = inputs as [tf.Tensor, tf.Tensor];
    let node: { gradient?(dys: tf.Tensor[]): Record<string, () => tf.Tensor> } = {};
    const f = (k: tf.Tensor) => {
      const y = layer("lstm", x, k);
      node = tf.engine().state.activeTape.at(-1) as typeof node;
      return tf.sum(y);
    };
    tf.dispose(tf.grad(f)(kernel));
    expect(engineMemory().pending).toBe(0);
    const dys = [tf.ones([B, T, H]), tf.ones([B, H]), tf.ones([B, H])];
    expect(() => node.gradient!(dys).kernel!()).toThrow(
      "FusedLSTM: expected its gradient asked for in the scope of the forward pass, got one asked for after it",
    );
    expect(gradients(quiet)).toEqual(wanted);
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });
});
