import { tolerances } from "@rnnkit/test-kit/tolerances";
import { describe } from "vitest";
import { engineConformance } from "../engine-conformance.fixture.ts";
import { hasDawn, startWebGPU } from "./dawn.fixture.ts";
import { setRowUnits } from "./device-facts.ts";
import { webgpuEngine as engine } from "./engine.ts";
import { mostPairs } from "./row-programs.ts";

// Each way for all sizes that it can do: which one a size is given, decides nothing but the time.
const ways = [
  ["rows of a workgroup", mostPairs],
  ["a dispatch a step", 0],
] as const;

describe.skipIf(!hasDawn)("no Vulkan driver: set VK_DRIVER_FILES to one", () => {
  describe.each(ways)("%s", (_, units) => {
    engineConformance({
      ...{ engine, backend: "webgpu", tolerances: tolerances.webgpu, isSlow: true, draws: 0.05 },
      prepare: async () => setRowUnits(await startWebGPU(), units),
    });
  });
});
