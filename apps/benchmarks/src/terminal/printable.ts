/** `text` on one line, with control characters made visible: safe to print whatever a file held. */
export function printable(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point.
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
