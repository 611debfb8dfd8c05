// @ts-check
// The public API of each published package as one readable file in api/, made from its built declarations, so that a
// change of the API shows in a diff. `--check` fails where a file says something else: `npm run api` writes it anew.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from "@microsoft/api-extractor";
import { root } from "./workspace.mjs";

const folder = join(root, "api");
const isCheck = process.argv.includes("--check");

/** @typedef {{ title: string, package: string, declarations: string }} Entry */

/** Every entry of every package that is published, browsers' own among them. @returns {Entry[]} */
function entries() {
  return readdirSync(join(root, "packages")).flatMap((name) => {
    const home = join(root, "packages", name);
    const { exports } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
    return Object.entries(exports)
      .filter(([entry]) => !entry.endsWith(".json"))
      .flatMap(([entry, target]) => {
        const title = name + entry.slice(1).replaceAll("/", "-");
        const own = { title, package: home, declarations: join(home, target.types) };
        if (!target.browser) return [own];
        const ofBrowsers = join(home, target.browser.types);
        return [own, { title: `${title}-browser`, package: home, declarations: ofBrowsers }];
      });
  });
}

/** @param {Entry} entry @param {string} made */
function configOf(entry, made) {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(entry.package, "package.json"),
    configObject: {
      projectFolder: entry.package,
      mainEntryPointFilePath: entry.declarations,
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2022",
            lib: ["es2023", "dom", "dom.iterable"],
            module: "nodenext",
            moduleResolution: "nodenext",
            types: ["node"],
            strict: true,
            skipLibCheck: true,
          },
          files: [entry.declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${entry.title}.api.md`,
        reportFolder: made,
        reportTempFolder: made,
        // Types that signatures name without exporting them are part of what a change can break.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
}

const made = mkdtempSync(join(tmpdir(), "rnnkit-api-"));
try {
  const configs = entries().map((entry) => configOf(entry, made));
  const [first, ...others] = configs;
  if (!first) throw new Error("api: no package has an entry");
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  });
  for (const config of configs) {
    const { errorCount } = Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: (message) => {
        message.handled ||= message.logLevel !== ExtractorLogLevel.Error;
      },
    });
    if (errorCount > 0) process.exit(1);
  }
  const fresh = new Map(
    readdirSync(made).map((file) => [file, readFileSync(join(made, file), "utf8")]),
  );
  const kept = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith(".api.md"))
    : [];
  const gone = kept.filter((file) => !fresh.has(file));
  const changed = [...fresh].filter(
    ([file, text]) => !kept.includes(file) || readFileSync(join(folder, file), "utf8") !== text,
  );
  if (!isCheck) {
    for (const file of gone) rmSync(join(folder, file));
    for (const [file, text] of changed) writeFileSync(join(folder, file), text);
  } else if (gone.length + changed.length > 0) {
    const names = [...gone, ...changed.map(([file]) => file)].join(", ");
    console.error(
      `api: expected the reports of the built packages, got others in ${names}: npm run api`,
    );
    process.exit(1);
  }
  console.log(`api: ${fresh.size} reports are fresh`);
} finally {
  rmSync(made, { recursive: true, force: true });
}
