import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { packages } from "./packages.ts";
import { complaintsAbout, type Resolution } from "./type-check.ts";

const projects = inject("projects");
const resolutions: readonly Resolution[] = ["nodenext", "bundler"];

const cases = packages.flatMap((entry) =>
  resolutions.map((resolution) => ({ ...entry, resolution })),
);

test.each(cases)(
  "$name: its declarations are right under $resolution",
  ({ name, manifest, resolution }) => {
    const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));
    const lines = entries.flatMap((entry, i) => [
      `import * as entry${i} from "${manifest.name}${entry.slice(1)}";`,
      `export const names${i}: (keyof typeof entry${i})[] = [];`,
    ]);
    const file = join(projects, name, "consumer.ts");
    writeFileSync(file, `${lines.join("\n")}\n`);
    const own = join(projects, name, "node_modules", "@rnnkit");
    const seen: string[] = [];
    const complaints = complaintsAbout([file], resolution, (declaration) => {
      if (!declaration.startsWith(own)) return false;
      seen.push(declaration);
      return true;
    });
    expect(complaints).toEqual([]);
    expect(seen.some((path) => path.endsWith(`${name}/dist/index.d.ts`))).toBe(true);
  },
);

test.each(packages)(
  "$name: a wrong use is an error, so its types are not any",
  ({ name, manifest }) => {
    const file = join(projects, name, "wrong.ts");
    writeFileSync(
      file,
      `import { notThere } from "${manifest.name}";\nexport const x = notThere;\n`,
    );
    expect(existsSync(file)).toBe(true);
    expect(complaintsAbout([file], "nodenext", () => false).join()).toMatch(/notThere/);
  },
);
