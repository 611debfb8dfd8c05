// The packed packages beside a tfjs-node whose addon works, which scripts/build-tfjs-node.mjs makes.
import { expect, test } from "vitest";
import { smoke } from "./smoke.ts";

const isThere = Boolean(process.env.RNNKIT_TFJS_NODE);

test.for([
  { way: "required", options: { require: "tfjs-node" } },
  { way: "the first that can be had", options: {} },
])(
  "tfjs-node is taken where it is $way, and learns what wasm learns",
  async ({ options }, { skip }) => {
    if (!isThere) return skip("RNNKIT_TFJS_NODE names no project: scripts/build-tfjs-node.mjs");
    const [wanted, got] = await Promise.all([
      smoke("all"),
      smoke("tfjs-node", [process.execPath], options),
    ]);
    expect(got.line).toBe(`tfjs-node, CPU, tfjs 4.22.0, Node ${process.versions.node}`);
    const { outcome, reason } = got.candidates.find(({ name }) => name === "tfjs-node")!;
    expect([outcome, reason]).toEqual(["taken", "a matrix product came out right"]);
    for (const model of ["forecast", "sentiment"] as const) {
      expect(got[model].losses).toBeAllclose(wanted[model].losses, { atol: 0, rtol: 1e-6 });
      expect(got[model].predicted).toBeAllclose(wanted[model].predicted, { atol: 1e-5, rtol: 0 });
      expect(new Set(got[model].tensors).size).toBe(1);
    }
    expect(got.reopened).toEqual(got.sentiment.predicted);
  },
);

test("a measured selection times tfjs-node beside the others, in its fused layers", async ({
  skip,
}) => {
  if (!isThere) return skip("RNNKIT_TFJS_NODE names no project: scripts/build-tfjs-node.mjs");
  const measure = { cell: "gru", batch: 8, steps: 10, inputSize: 4, units: 8 };
  const { candidates } = await smoke("tfjs-node", [process.execPath], { measure });
  const timed = candidates.filter(({ ms }) => ms !== undefined);
  expect(new Set(timed.map(({ name, probe }) => `${name}, ${probe}`))).toEqual(
    new Set(["tfjs-node, fused", "cpu, fused"]),
  );
});
