// A file of its own: the module stays handed over.
import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { seededRandom } from "@rnnkit/core-rnn";
import { afterEach, expect, test, vi } from "vitest";
import {
  engineBytes,
  getThreads,
  isEngineSupported,
  orthogonal,
  setEngineModule,
  setThreads,
} from "../index.ts";
import { trained } from "../page-call.fixture.ts";
import { getInstance } from "./instance.ts";

afterEach(() => vi.unstubAllGlobals());

test("where compiling is forbidden, a module handed over gives the numbers of one compiled here", () => {
  setThreads(1);
  const own = trained("gruAfter", [9, 11, 5, 7]);
  const module = new WebAssembly.Module(engineBytes());
  const before = getInstance();
  vi.stubGlobal(
    "WebAssembly",
    Object.create(WebAssembly, {
      Module: {
        value: class extends WebAssembly.Module {
          constructor() {
            super(new Uint8Array(0));
          }
        },
      },
    }),
  );
  setEngineModule(module);
  setThreads(2);
  expect(getInstance()).not.toBe(before);
  expect([isEngineSupported(), getThreads()]).toEqual([true, 1]);
  // Relaxed SIMD, where the runtime has it, rounds once less.
  for (const [k, values] of trained("gruAfter", [9, 11, 5, 7]).entries())
    expect(values).toBeAllclose(own[k], tolerances.wasm.whole);
  expect(orthogonal([4, 4], seededRandom(1))).toHaveLength(16);
});
