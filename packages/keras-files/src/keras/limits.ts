/** What a file may at most ask for; a model file is untrusted input. */
export interface Limits {
  /**
   * The most bytes that one part of a file, or the file itself, may have, and that the model's
   * weights may take. Default 2 GiB.
   */
  maxBytes?: number;
}

export const defaultMaxBytes: number = 2 ** 31;

/** How deep JSON and groups may be nested: Keras's own stay below 30. */
export const mostDepth = 100;

/** The most bytes of JSON: a model of 5,000 layers has some 10 MB. */
export const mostJsonBytes: number = 32 * 2 ** 20;

/** The most values in JSON, keys apart: a layer has some 100. Each takes up to 250 bytes and 2 µs. */
export const mostJsonValues = 500_000;

/** A name from a file, short enough to be put into an error. */
export function shownName(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
