// The page as an app has it: a production build by Vite of the packages as they are published.

import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

/** Builds the page into a folder; the files of our packages that are in it. */
export async function bundle(outDir: string): Promise<string[]> {
  const output = await build({
    root: fileURLToPath(new URL("./page", import.meta.url)),
    configFile: false,
    mode: "production",
    logLevel: "error",
    worker: { format: "es" },
    build: { outDir, emptyOutDir: true, target: "es2022" },
  });
  const { output: files } = output as Rolldown.RolldownOutput;
  const modules = files.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  return modules.filter((path) => /[\\/]packages[\\/]/.test(path));
}
