import { defineConfig } from "vitest/config";

const conditions = ["@rnnkit/source"];

// One configuration for every package: siblings resolve to their TypeScript source, so no test
// needs a build, and the matchers of the test kit are always there.
export default defineConfig({
  resolve: { conditions: [...conditions, "module", "node", "import", "default"] },
  ssr: {
    resolve: { conditions: [...conditions, "node", "import", "default"] },
    noExternal: [/^@rnnkit\//],
  },
  test: {
    include: ["src/**/*.test.ts"],
    setupFiles: [new URL("./internal/test-kit/src/setup.ts", import.meta.url).pathname],
    // Mesa's Vulkan layer, where it is installed, writes of a missing desktop into every program's errors.
    env: { NODEVICE_SELECT: "1" },
    // Against a hang alone: cores are shared, and no test judges a time.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    passWithNoTests: false,
  },
});
