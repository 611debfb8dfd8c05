// @ts-check
// The main job: install, build what it needs, then hand the rest of the command line to the
// benchmarks app. Without arguments: every model of the tutorial on embedded data.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { install, root, run } from "./workspace.mjs";

const args = process.argv.slice(2);
install();
run("turbo run build --filter=@rnnkit/benchmarks --output-logs=errors-only --log-prefix=none");
const { status } = spawnSync(
  process.execPath,
  [join(root, "apps", "benchmarks", "dist", "cli.js"), ...(args.length > 0 ? args : ["all"])],
  { cwd: root, stdio: "inherit" },
);
process.exit(status ?? 1);
