const WIDTH = 96;

/** **text** as lines of at most 96 characters, between words, each behind two spaces. */
export function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter(Boolean)) {
    if (line && line.length + word.length + 3 > WIDTH) {
      lines.push(`  ${line}`);
      line = "";
    }
    line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, `  ${line}`] : lines;
}
