/** What this scope prints from here on, and the errors that nobody has caught. */
export function listening(): string[] {
  const said: string[] = [];
  for (const level of ["log", "info", "warn", "error"] as const)
    console[level] = (...values: unknown[]) => said.push(values.join(" "));
  addEventListener("error", ({ message }) => said.push(message));
  addEventListener("unhandledrejection", ({ reason }) => said.push(`unhandled: ${reason}`));
  return said;
}
