// @ts-check
// The main job: install, build what it needs, then hand the rest of the command line to the
// benchmarks app. Without arguments: every model of the tutorial on embedded data.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { install, root, run } from "./workspace.mjs";

const [command = "all", ...rest] = process.argv.slice(2);
install();
run("turbo run build --filter=@rnnkit/benchmarks --output-logs=errors-only --log-prefix=none");

// The terminal sends Ctrl-C to the app as well; it writes what it measured, and this waits for it.
process.on("SIGINT", () => {});
const cli = join(root, "apps", "benchmarks", "dist", "cli.js");
const app = spawn(process.execPath, [cli, command, ...rest], { cwd: root, stdio: "inherit" });
// SIGTERM comes here alone, and of npm's to the shell between alone, which dies of it: without this the app would go on,
// and nobody would wait for it. Once: a second one ends the app at once.
const end = () => {
  clearInterval(watch);
  if (!app.killed) app.kill("SIGTERM");
};
process.on("SIGTERM", end);
const { env, ppid } = process;
const watch = setInterval(() => {
  if (env.npm_lifecycle_event && process.ppid !== ppid) end();
}, 500).unref();
app.on("exit", (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1));
});
