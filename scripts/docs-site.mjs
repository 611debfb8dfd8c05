// @ts-check
// The documentation as a site: typedoc's reference of the packages' public entries, their READMEs, and the pages that
// are written by hand. What a page links to is a page of the site, or the file in the repository on the web.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import {
  Application,
  Converter,
  DocumentReflection,
  KindRouter,
  MinimalSourceFile,
  normalizePath,
  PageEvent,
  ReflectionKind,
} from "typedoc";
import { outsideCode } from "./markdown.mjs";
import { root } from "./workspace.mjs";

const web = "https://github.com/rnnkit/rnnkit/blob/main/";

/** The entries, by the names under which they are imported. @type {Record<string, string>} */
const entries = {
  "@rnnkit/core-rnn": "packages/core-rnn/src/index.ts",
  "@rnnkit/fused-rnn": "packages/fused-rnn/src/index.ts",
  "@rnnkit/fused-rnn/webgpu": "packages/fused-rnn/src/webgpu/index.ts",
  "@rnnkit/keras-builders": "packages/keras-builders/src/index.ts",
  "@rnnkit/keras-builders/webgpu": "packages/keras-builders/src/webgpu.ts",
  "@rnnkit/keras-files": "packages/keras-files/src/index.ts",
  "@rnnkit/preprocess": "packages/preprocess/src/index.ts",
  "@rnnkit/datasets-imdb": "packages/datasets-imdb/src/index.ts",
  "@rnnkit/backend-select": "packages/backend-select/src/index.ts",
};

/**
 * The pages, in the order in which they are shown; a page's own title in place of its heading's, pages below it.
 * @type {{ file: string, title?: string, children?: string[] }[]}
 */
const pages = [
  {
    file: "docs/README.md",
    children: [
      "docs/from-keras.md",
      "docs/from-tfjs.md",
      "docs/backends.md",
      "docs/numerics.md",
      "docs/backpropagation.md",
    ],
  },
  { file: "README.zh-CN.md", title: "中文", children: ["docs/zh/tutorial.md"] },
  {
    file: "apps/benchmarks/README.md",
    title: "The command line",
    children: ["apps/benchmarks/data/README.md"],
  },
  {
    file: "examples/README.md",
    children: [
      "examples/on-a-cluster/README.md",
      "examples/serving/README.md",
      "examples/page-worker/README.md",
      "examples/page-bundle/README.md",
    ],
  },
  { file: "FEATURES.md" },
  { file: "ARCHITECTURE.md" },
  { file: "CONTRIBUTING.md" },
];
const home = "README.md";

/**
 * Types that what is exported is made of, and that are nobody's to name: what passes between functions of a package,
 * and tables of names. @type {Record<string, string[]>}
 */
const ownAffairs = {
  "@rnnkit/fused-rnn": ["StageRun", "Flow", "Pass"],
  "@rnnkit/keras-builders": ["Kwargs", "losses", "metrics", "NamesIn"],
  "@rnnkit/keras-files": ["Layer", "Json"],
};

const isPage = new Set([
  home,
  ...pages.flatMap(({ file, children = [] }) => [file, ...children]),
  ...Object.values(entries).map(readmeOf),
]);

/**
 * Writes the site. Resolves to whether typedoc had nothing to complain about: a link that leads nowhere, a symbol that is
 * part of the public interface but is not exported, or has no comment.
 *
 * @param {string} out
 */
export async function buildSite(out) {
  const app = await Application.bootstrap(options());
  app.renderer.defineRouter("rnnkit", PageRouter);
  app.converter.on(Converter.EVENT_CREATE_PROJECT, (_, project) => addPages(app, project));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    nameModules(app, project);
    linkNames(project);
  });
  app.renderer.on(PageEvent.END, (page) => {
    // Readers' tools choose voices, fonts and hyphens by it.
    if (page.model instanceof DocumentReflection && /[\u4e00-\u9fff]/.test(page.model.name))
      page.contents = page.contents?.replace('lang="en"', 'lang="zh-CN"');
  });
  const project = await app.convert();
  if (!project) return false;
  // What has to be exported and documented is asked of the project's package: of each of ours in turn.
  for (const name of Object.keys(entries).filter((name) => !name.endsWith("/webgpu"))) {
    project.packageName = name;
    app.options.setValue("intentionallyNotExported", ownAffairs[name] ?? []);
    app.validate(project);
  }
  delete project.packageName;
  await app.generateDocs(project, out);
  return !app.logger.hasErrors() && !app.logger.hasWarnings();
}

/**
 * What every name is for is said; options and members have a comment where their name does not say it all.
 * @type {import("typedoc").ReflectionKind.KindString[]}
 */
const requiredToBeDocumented = [
  .../** @type {const} */ (["Namespace", "Class", "Function", "Method"]),
  .../** @type {const} */ (["Interface", "TypeAlias", "Variable"]),
];

/** @returns {import("typedoc").TypeDocOptions & { plugin?: never }} */
function options() {
  return {
    name: "rnnkit",
    entryPoints: Object.values(entries).map((file) => join(root, file)),
    tsconfig: join(root, "tsconfig.docs.json"),
    basePath: root,
    router: "rnnkit",
    readme: "none",
    customCss: join(root, "docs", "site.css"),
    excludeInternal: true,
    // Types are checked where they are built.
    skipErrorChecking: true,
    disableGit: true,
    sourceLinkTemplate: `${web}{path}#L{line}`,
    gitRevision: "main",
    sort: ["documents-first", "kind", "alphabetical-ignoring-documents"],
    highlightLanguages: ["javascript", "typescript", "json", "sh", "python", "http", "text"],
    requiredToBeDocumented,
    validation: {
      notExported: true,
      invalidLink: true,
      invalidPath: true,
      rewrittenLink: true,
      notDocumented: true,
      unusedMergeModuleWith: true,
    },
    treatWarningsAsErrors: true,
    treatValidationWarningsAsErrors: true,
    // Only what says https:// is an address: FEATURES.md and constructor.name are none.
    markdownItLoader: (/** @type {any} */ parser) => parser.linkify.set({ fuzzyLink: false }),
    hideGenerator: true,
    includeHierarchySummary: false,
  };
}

/** A page's address is its file's. */
class PageRouter extends KindRouter {
  /** @param {import("typedoc").Reflection} reflection @override */
  getIdealBaseName(reflection) {
    const path = reflection.project.files.getReflectionPath(reflection);
    if (!(reflection instanceof DocumentReflection) || !path)
      return super.getIdealBaseName(reflection);
    return relative(root, path)
      .toLowerCase()
      .replace(/\.md$/, "")
      .replace(/(^|\/)readme$/, "$1index");
  }
}

/** @param {string} entry */
function readmeOf(entry) {
  return `${entry.split("/").slice(0, 2).join("/")}/README.md`;
}

/** @param {Application} app @param {import("typedoc").ProjectReflection} project */
function addPages(app, project) {
  /** @param {import("typedoc").ProjectReflection | DocumentReflection} parent @param {string} file @param {string} [named] */
  const add = (parent, file, named) => {
    const { title, content } = read(app, project, file);
    const page = new DocumentReflection(named ?? title, parent, content, { group: "Pages" });
    parent.addChild(page);
    project.registerReflection(page, undefined, normalizePath(join(root, file)));
    return page;
  };
  for (const { file, title, children = [] } of pages) {
    const page = add(project, file, title);
    for (const child of children) add(page, child);
  }
  project.readme = read(app, project, home, true).content;
  project.files.registerReflectionPath(normalizePath(join(root, home)), project);
}

/** Each entry by its name, with its package's README. @param {Application} app @param {import("typedoc").ProjectReflection} project */
function nameModules(app, project) {
  const names = new Map(Object.entries(entries).map(([name, file]) => [join(root, file), name]));
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    const file = module.isDeclaration() ? module.sources?.[0]?.fullFileName : undefined;
    const name = file && names.get(file);
    if (!name || !module.isDeclaration()) throw new Error(`docs: no name for ${module.name}`);
    module.name = name;
    if (name.endsWith("/webgpu")) continue;
    const readme = readmeOf(relative(root, file));
    module.readme = read(app, project, readme, true).content;
    project.files.registerReflectionPath(normalizePath(join(root, readme)), module);
  }
}

/** A page's first heading, and all of it, or what stands under that where it is shown already. @param {Application} app @param {import("typedoc").ProjectReflection} project @param {string} file @param {boolean} [isTitled] */
function read(app, project, file, isTitled) {
  const text = readFileSync(join(root, file), "utf8");
  const heading = /^# (.+)\n/m.exec(text);
  if (!heading) throw new Error(`${file}: expected a heading`);
  const body = outsideCode(isTitled ? text.replace(heading[0], "") : text, (prose) =>
    prose.replace(/(?<=\]\()(?!\w+:|#)([^)#\s]+)/g, (link) => {
      const target = relative(root, join(root, dirname(file), link));
      return isPage.has(target) || !existsSync(join(root, target)) ? link : web + target;
    }),
  );
  const source = new MinimalSourceFile(body, normalizePath(join(root, file)));
  return {
    title: String(heading[1]).replaceAll("`", ""),
    content: app.converter.parseRawComment(source, project.files).content,
  };
}

/** A comment that names what is exported links to it. @param {import("typedoc").ProjectReflection} project */
function linkNames(project) {
  /** @type {Map<string, import("typedoc").Reflection[]>} */
  const named = new Map();
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    if (!module.isDeclaration()) continue;
    for (const child of module.children ?? [])
      named.set(child.name, [...(named.get(child.name) ?? []), child]);
  }
  /** @param {import("typedoc").Reflection} from @param {string} name */
  const target = (from, name) => {
    const all = named.get(name)?.filter((found) => !found.isReference()) ?? [];
    const own = all.find((found) => moduleOf(found) === moduleOf(from));
    const found = own ?? (all.length === 1 ? all[0] : undefined);
    // A page does not link to itself.
    for (let at = found && from; at; at = at.parent) if (at === found) return undefined;
    return found;
  };
  for (const reflection of Object.values(project.reflections)) {
    const { comment } = reflection;
    if (!comment) continue;
    for (const parts of [comment.summary, ...comment.blockTags.map(({ content }) => content)]) {
      for (const [i, part] of parts.entries()) {
        const name = part.kind === "code" ? /^`(\w+)`$/.exec(part.text)?.[1] : undefined;
        const found = name && target(reflection, name);
        if (found) parts[i] = { kind: "inline-tag", tag: "@linkcode", text: name, target: found };
      }
    }
  }
}

/** @param {import("typedoc").Reflection} reflection */
function moduleOf(reflection) {
  let at = reflection;
  while (at.parent && !at.kindOf(ReflectionKind.Module)) at = at.parent;
  return at;
}
