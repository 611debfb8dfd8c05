/** What kind of thing went wrong; `DatasetError.code`. */
export type DatasetErrorCode = "option" | "format" | "hash" | "transfer" | "storage";

/**
 * The one error type of this package. Its message says who, what was expected and what came;
 * **code** says which of these it was:
 *
 * - *option*: an argument was refused before any work
 * - *format*: the bytes are not a zip of numpy arrays of integer lists, or not a word index
 * - *hash*: the bytes are not the file they should be
 * - *transfer*: the server refused, or the connection broke and could not be resumed
 * - *storage*: a file or cache could not be read or written (full disk, permissions)
 *
 * An aborted **signal** is the exception: it throws the signal's own reason.
 *
 * @example
 * try { await loadData(); } catch (error) {
 *   if (error instanceof DatasetError && error.code === "transfer") console.error("offline?");
 * }
 */
export class DatasetError extends Error {
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DatasetError";
    this.code = code;
  }
}
