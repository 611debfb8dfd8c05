import { expect, test } from "vitest";
import { hasRelaxedSimd, hasSimd } from "./features.ts";

test("relaxed SIMD is there from Node 21 on, and on Node 20 where its flag is", () => {
  const { versions, execArgv } = process;
  const asked = execArgv.includes("--experimental-wasm-relaxed-simd");
  expect([hasSimd, hasRelaxedSimd]).toEqual([true, !versions.v8.startsWith("11.3.") || asked]);
});
