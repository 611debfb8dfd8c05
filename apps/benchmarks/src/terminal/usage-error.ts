/** Something the user typed cannot be done; found before any work, reported as one line, exit 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
