import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const script = "service-worker.js";
const source = fileURLToPath(new URL("./service-worker.ts", import.meta.url));

/**
 * For Vite's configuration: the service worker becomes a file of the build, `service-worker.js` beside the page, and
 * is told all others with their digests, those of `public/` too.
 */
export function offline(): Plugin {
  let root = "";
  return {
    name: "offline",
    apply: "build",
    configResolved(config) {
      root = config.root;
    },
    buildStart() {
      this.emitFile({ type: "chunk", id: source, fileName: script });
    },
    writeBundle({ dir }) {
      const folder = dir ?? join(root, "dist");
      const files = filesIn(folder).filter((file) => file !== script);
      const entries = files.map((file) => [file, digest(readFileSync(join(folder, file)))]);
      const id = digest(JSON.stringify(entries)).slice("sha256-".length, 20);
      const path = join(folder, script);
      const build = JSON.stringify(JSON.stringify({ id, files: entries }));
      const before = readFileSync(path, "utf8");
      // A minifier may write the string in any quotes.
      const after = before.replace(/(["'`])%BUILD%\1/, () => build);
      if (after === before)
        throw new Error(`offline: expected the place for the build in ${script}`);
      writeFileSync(path, after);
    },
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
}

function digest(content: string | Uint8Array): string {
  return `sha256-${createHash("sha256").update(content).digest("base64")}`;
}
