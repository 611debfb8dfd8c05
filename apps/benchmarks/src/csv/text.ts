import { UsageError } from "../terminal/usage-error.ts";

/** The text of a file, and what had to be understood to read it. */
export interface Text {
  text: string;
  notes: string[];
}

/** Bytes that other files than CSV begin with, and what to do with such a file. */
const OTHER_FILES: [string, string][] = [
  ["PK\u0003\u0004", "a zip archive or an Excel workbook: unpack it, or save its sheet as CSV"],
  ["\u00d0\u00cf\u0011\u00e0", "an Excel workbook: save its sheet as CSV"],
  ["\u001f\u008b", "compressed: unpack it with gunzip"],
  ["%PDF", "a PDF: export its table as CSV"],
  ["PAR1", "Parquet: write it as CSV"],
];

/**
 * The text in the **bytes** of a file, which errors call **path**: UTF-8, UTF-16 of either order with its byte
 * order mark or without, and what is none of these as Latin-1 (Windows-1252).
 *
 * @throws UsageError when it is none of text
 */
export function textOf(bytes: Uint8Array, path: string): Text {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  const other = OTHER_FILES.find(([start]) => head.startsWith(start));
  if (other) throw new UsageError(`--csv: ${path} is not CSV but ${other[1]}`);
  if (/^\s*<(!doctype|html|\?xml)/i.test(head.replaceAll("\0", ""))) {
    throw new UsageError(
      `--csv: ${path} is not CSV but a page or XML: download the data file itself`,
    );
  }
  const { encoding, note } = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  if (text.includes("\0")) {
    throw new UsageError(`--csv: ${path} is not CSV: it has bytes of value 0, as text has not`);
  }
  return { text, notes: note ? [`read as ${note}`] : [] };
}

function encodingOf(bytes: Uint8Array): { encoding: string; note?: string } {
  const little = { encoding: "utf-16le", note: "UTF-16" };
  const big = { encoding: "utf-16be", note: "UTF-16 (big-endian)" };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return little;
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return big;
  // The digits and separators of a table have a zero byte each there.
  const pairs = Math.min(bytes.length, 512) >> 1;
  const zeros = [0, 0];
  for (let i = 0; i < 2 * pairs; i++) if (bytes[i] === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > pairs / 2 && even < pairs / 10) return little;
  if (even > pairs / 2 && odd < pairs / 10) return big;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { encoding: "utf-8" };
  } catch {
    return { encoding: "windows-1252", note: "Latin-1" };
  }
}
