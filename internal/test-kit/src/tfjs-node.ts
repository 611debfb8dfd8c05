import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "vitest";

const project = process.env.RNNKIT_TFJS_NODE;

/**
 * Whether tfjs-node's backend, *tensorflow*, is there: it comes from the project that `RNNKIT_TFJS_NODE` names, which
 * `scripts/build-tfjs-node.mjs` makes. Without one it says so as a test that is skipped.
 *
 * The project has a tfjs-core of its own; copies of one version share their engine and their registries.
 */
export function withTfjsNode(): boolean {
  if (!project) {
    test("on tfjs-node", ({ skip }) =>
      skip("RNNKIT_TFJS_NODE names no project with a tfjs-node: scripts/build-tfjs-node.mjs"));
    return false;
  }
  process.env.TF_CPP_MIN_LOG_LEVEL = "2";
  // It brings tfjs's other backends too, whose kernels are here already: hundreds of warnings.
  const { warn } = console;
  console.warn = () => {};
  try {
    createRequire(join(project, "package.json"))("@tensorflow/tfjs-node");
  } finally {
    console.warn = warn;
  }
  return true;
}
