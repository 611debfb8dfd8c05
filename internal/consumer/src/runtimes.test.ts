// The packed packages on other runtimes than this Node: same program, same numbers. `.ci/others` brings them from npm;
// each is skipped where its variable names none.
import { execFileSync } from "node:child_process";
import { delimiter } from "node:path";
import { expect, test } from "vitest";
import { type Command, smoke } from "./smoke.ts";

const { RNNKIT_NODES, RNNKIT_BUN, RNNKIT_DENO } = process.env;
const nodes = (RNNKIT_NODES ?? "").split(delimiter).filter(Boolean);
const runtimes: { name: string; command?: Command }[] = [
  ...(nodes.length > 0 ? nodes : [undefined]).map((program) => ({
    name: program ? `Node ${versionOf(program)}` : "Node of other versions (RNNKIT_NODES)",
    command: program ? ([program] as const) : undefined,
  })),
  { name: "Bun", command: RNNKIT_BUN ? [RNNKIT_BUN] : undefined },
  { name: "Deno", command: RNNKIT_DENO ? [RNNKIT_DENO, "run", "--allow-all"] : undefined },
];
const near = { atol: 1e-4, rtol: 0 };
const here = smoke("all");

function versionOf(program: string): string {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim().slice(1);
}

test("this Node learns both tasks, and a file holds what was learned", async () => {
  const { name, forecast, sentiment, reopened } = await here;
  expect(name).toBe("wasm");
  for (const { losses, tensors } of [forecast, sentiment]) {
    expect(losses[2]).toBeLessThan(0.95 * (losses[0] as number));
    expect(new Set(tensors).size).toBe(1);
  }
  expect(reopened).toEqual(sentiment.predicted);
});

test.for(runtimes)(
  "$name: this Node's losses and predictions",
  async ({ name, command }, { skip }) => {
    if (!command) return skip(`no program for ${name}`);
    const [wanted, got] = [await here, await smoke("all", command)];
    expect(got.line).toMatch(`wasm, SIMD, 1 thread, tfjs 4.22.0, ${name}`);
    for (const model of ["forecast", "sentiment"] as const) {
      expect(got[model].losses).toBeAllclose(wanted[model].losses, near);
      expect(got[model].predicted).toBeAllclose(wanted[model].predicted, near);
      expect(got[model].tensors).toEqual(wanted[model].tensors);
    }
    expect(got.reopened).toEqual(got.sentiment.predicted);
    expect(got.large!.threads).toBe(2);
    expect(got.large!.outputs).toBeAllclose(wanted.large!.outputs, { atol: 1e-6, rtol: 0 });
  },
);

// On a GPU in software, which VK_DRIVER_FILES names: the last of the Nodes, on Dawn (others ran it too; each takes 20
// seconds of a core), and Deno, which has its own.
test.for([
  ...nodes
    .slice(-1)
    .map((program) => ({ name: `Node ${versionOf(program)}`, command: [program] as const })),
  ...runtimes.filter(({ name }) => name === "Deno"),
])("$name, webgpu: this Node's losses and predictions", async ({ name, command }, { skip }) => {
  if (!command) return skip(`no program for ${name}`);
  if (!process.env.VK_DRIVER_FILES) return skip("VK_DRIVER_FILES names no driver");
  const options = { require: "webgpu", allowSoftware: true };
  const [wanted, got] = [await here, await smoke("all", command, options)];
  expect(got.line).toMatch(new RegExp(`^webgpu, SwiftShader.*, ${name}`));
  for (const model of ["forecast", "sentiment"] as const) {
    expect(got[model].losses).toBeAllclose(wanted[model].losses, near);
    expect(got[model].predicted).toBeAllclose(wanted[model].predicted, near);
    expect(new Set(got[model].tensors).size).toBe(1);
  }
  expect(got.reopened).toEqual(got.sentiment.predicted);
});

test("Bun has no WebGPU, and says so", async ({ skip }) => {
  if (!RNNKIT_BUN) return skip("no program for Bun");
  const refused = smoke("all", [RNNKIT_BUN], { require: "webgpu" });
  await expect(refused).rejects.toThrow("webgpu is required and cannot be had: WebGPU missing");
});
