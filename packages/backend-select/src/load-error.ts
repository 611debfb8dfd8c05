/**
 * Why importing an optional package failed, in words a user can act on. The kinds are told apart
 * by what Node, the dynamic linker and the bundlers say, since none of them gives a common code.
 */
export function loadFailure(packageName: string, error: unknown): string {
  const text = firstLine(error);
  if (/cannot find (package|module)|could not resolve|failed to resolve/i.test(text)) {
    return text.includes(`'${packageName}'`) || text.includes(`"${packageName}"`)
      ? `not installed: ${packageName}`
      : `broken install of ${packageName}: ${text}`;
  }
  if (/addon module .*can ?not be found/i.test(text)) return `native library missing: ${text}`;
  // Linux, macOS, Windows: the addon is there, a library that it links to is not.
  if (/cannot open shared object|library not loaded|specified module could not be/i.test(text))
    return `native library missing: ${text}`;
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (code === "ERR_DLOPEN_FAILED") return `native load error: ${text}`;
  return `failed to load: ${text}`;
}

/** The first line of what was thrown, whatever was thrown. */
export function firstLine(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message;
  const text = typeof message === "string" ? message : String(error);
  return text.trim().split("\n", 1)[0]?.trim() || "no message";
}
