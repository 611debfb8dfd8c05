/** The bytes of a text of two hexadecimal digits each. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = 16 * digit(text.charCodeAt(2 * i)) + digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** 0-9 are the codes from 48 on, a-f those from 97. */
function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
