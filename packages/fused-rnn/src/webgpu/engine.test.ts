import { hasDawn, startWebGPU } from "@rnnkit/test-kit/dawn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import { describe } from "vitest";
import { engineConformance } from "../engine-conformance.fixture.ts";
import { setRowUnits } from "./device-facts.ts";
import { webgpuEngine as engine } from "./engine.ts";
import { registerWebGPUKernels } from "./index.ts";
import { mostPairs } from "./row-programs.ts";

// The other way has the same bits, which identities.test.ts sees; RNNKIT_WEBGPU=all runs the suite on it as well.
const ways = [
  ["a stretch of steps in a dispatch", mostPairs],
  ...(process.env.RNNKIT_WEBGPU === "all" ? [["a dispatch a step", 0] as const] : []),
] as const;

describe.skipIf(!hasDawn)("no Vulkan driver: set VK_DRIVER_FILES to one", () => {
  describe.each(ways)("%s", (_, units) => {
    engineConformance({
      ...{
        engine,
        backend: "webgpu",
        tolerances: tolerances.webgpu,
        isSlow: true,
        isEmulated: true,
        draws: 0.025,
      },
      // With tfjs's own kernels put right, as every program has them: sums of many tensors among them.
      prepare: async () => {
        setRowUnits(await startWebGPU(), units);
        registerWebGPUKernels();
      },
    });
  });
});
