// This package's own files, stripped of their types, for what only another process can show: what it costs,
// what it leaves when it is killed.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transpileModule } from "typescript";

/** A folder with the package's files as JavaScript, those for its tests included. */
export function ownFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-own-"));
  const source = fileURLToPath(new URL(".", import.meta.url));
  for (const name of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const { outputText } = transpileModule(readFileSync(join(source, name), "utf8"), {
      compilerOptions: { module: 99, target: 9, rewriteRelativeImportExtensions: true },
    });
    const file = join(folder, name.replace(/ts$/, "js"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(source, "../node_modules"), join(folder, "node_modules"), "dir");
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
