// @ts-check
// Builds the page with what it needs, serves what was built, and prints its address. Any static server will do
// for what lies in apps/page/dist; this one sends the two headers that let the page train on threads.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { install, root, run } from "./workspace.mjs";

install();
run("turbo run build --filter=@rnnkit/page --output-logs=errors-only --log-prefix=none");
const vite = join(root, "apps", "page", "node_modules", "vite", "bin", "vite.js");
const preview = spawn(process.execPath, [vite, "preview", ...process.argv.slice(2)], {
  cwd: join(root, "apps", "page"),
  stdio: "inherit",
});
process.on("SIGINT", () => {});
// SIGTERM comes here alone: without this the server would go on.
process.on("SIGTERM", () => preview.kill("SIGTERM"));
preview.on("exit", (code) => process.exit(code ?? 0));
