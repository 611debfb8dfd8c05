import { basename, relative } from "node:path";

/** How the process was started, as far as it tells. */
export interface Start {
  env: Readonly<Record<string, string | undefined>>;
  argv: readonly string[];
  cwd: string;
}

/**
 * What a user types to run the command line again: `npm start --` where npm's script did it, `npx rnnkit-benchmarks`,
 * the installed program's name, or `node` with the file.
 */
export function typedCommand({ env, argv, cwd }: Start, name: string): string {
  if (env.npm_command === "exec") return `npx ${name}`;
  // `npm run bench -- step` is `npm start -- bench step`.
  if (["start", "bench", "compare"].includes(env.npm_lifecycle_event ?? "")) return "npm start --";
  const file = argv[1];
  if (file === undefined || basename(file) === name) return name;
  return basename(file) === "cli.js" ? `node ${relative(cwd, file)}` : name;
}
