import { dirname, join, relative } from "node:path";
import typescript from "typescript";
import { root } from "./packages.ts";

export type Resolution = "nodenext" | "bundler";

// One parse of tfjs's declarations serves every program of a run.
const parsed = new Map<string, typescript.SourceFile | undefined>();

/**
 * What a strict compiler says of the files and of those of their imports that `isOurs` names.
 * Everybody else's declarations go unchecked, as under `skipLibCheck`. **leniency** is put on top.
 */
export function complaintsAbout(
  files: readonly string[],
  resolution: Resolution,
  isOurs: (file: string) => boolean,
  leniency: typescript.CompilerOptions = {},
): string[] {
  const isNode = resolution === "nodenext";
  const options: typescript.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: typescript.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    module: isNode ? typescript.ModuleKind.NodeNext : typescript.ModuleKind.ESNext,
    moduleResolution: isNode
      ? typescript.ModuleResolutionKind.NodeNext
      : typescript.ModuleResolutionKind.Bundler,
    types: ["node"],
    typeRoots: [join(root, "node_modules", "@types")],
    ...leniency,
  };
  const host = typescript.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (name, version, ...rest) => {
    const { impliedNodeFormat } = version as typescript.CreateSourceFileOptions;
    const key = `${resolution} ${impliedNodeFormat} ${name}`;
    if (!parsed.has(key)) parsed.set(key, read.call(host, name, version, ...rest));
    return parsed.get(key);
  };
  const program = typescript.createProgram([...files], options, host);
  const checked = program
    .getSourceFiles()
    .filter(({ fileName }) => files.includes(fileName) || isOurs(fileName));
  return [...program.getOptionsDiagnostics(), ...checked.flatMap(diagnosticsOf)].map(
    (diagnostic) => {
      const file = diagnostic.file?.fileName ?? "";
      const text = typescript.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
      const line = diagnostic.file
        ? diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line + 1
        : 0;
      return `${relative(dirname(files[0] ?? ""), file)}:${line}: ${text}`;
    },
  );

  function diagnosticsOf(file: typescript.SourceFile): readonly typescript.Diagnostic[] {
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  }
}
