import { selectBackend } from "@rnnkit/backend-select";
import { expect, test } from "vitest";
import { describeEnvironment, versionOf } from "./environment.ts";

test("the environment names the backend, why each candidate was or was not taken, and versions", async () => {
  const selection = await selectBackend({ exclude: ["tfjs-node-gpu"], prefer: "cpu" });
  const { node, cpu, logicalCores, backend, packages } = describeEnvironment(selection);
  expect(node).toMatch(/^\d+\.\d+\.\d+/);
  expect(cpu).not.toBe("");
  expect(logicalCores).toBeGreaterThan(0);
  expect(backend.name).toBe("cpu");
  const outcomes = Object.fromEntries(backend.candidates.map((c) => [c.name, c.outcome]));
  expect(outcomes).toMatchObject({ cpu: "taken", wasm: "not tried", "tfjs-node-gpu": "refused" });
  for (const { reason } of backend.candidates) expect(reason).not.toBe("");
  expect(Object.values(packages).every((version) => /^\d+\.\d+\.\d+/.test(version))).toBe(true);
  expect(packages["@tensorflow/tfjs-core"]).toBe(versionOf("@tensorflow/tfjs-core"));
});
