// Protocol Buffers' wire format, written and never read: a field is a key, then a number of 7-bit
// groups, 4 bytes, or a length and that many bytes. https://protobuf.dev/programming-guides/encoding/

/** Bytes known by their number, and made only when it is their turn to be written. */
export interface Content {
  readonly byteLength: number;
  read(): Promise<Uint8Array>;
}

/** Fields, one after the other. */
export type Message = readonly (Uint8Array | Content)[];

/** Protocol Buffers' own limit: lengths are signed 32-bit integers in its readers. */
const largest = 2 ** 31 - 1;
const [varint, lengthDelimited, fixed32] = [0, 2, 5];

/** An int32, int64 or enum; negative ones take ten bytes. */
export function intField(field: number, value: number): Message {
  return [key(field, varint), groupsOf(value)];
}

/** A float. */
export function floatField(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [key(field, fixed32), bytes];
}

/** A string. */
export function textField(field: number, value: string): Message {
  return bytesField(field, new TextEncoder().encode(value));
}

/** Bytes. */
export function bytesField(field: number, value: Uint8Array | Content): Message {
  return messageField(field, [value]);
}

/** A message in a message. */
export function messageField(field: number, ...parts: Message[]): Message {
  const inner = parts.flat();
  return [key(field, lengthDelimited), groupsOf(sizeOf(inner)), ...inner];
}

/** How many bytes a message takes. */
export function sizeOf(message: Message): number {
  return message.reduce((sum, part) => sum + part.byteLength, 0);
}

/**
 * The bytes of a message: one allocation, into which every part is copied once.
 *
 * @throws before that, if they are more than Protocol Buffers' readers take.
 */
export async function bytesOf(who: string, message: Message): Promise<Uint8Array<ArrayBuffer>> {
  const size = sizeOf(message);
  if (size > largest) {
    throw new Error(
      `${who}: expected at most ${largest} bytes, Protocol Buffers' limit, got ${size}`,
    );
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of message) {
    const content = "read" in part ? await part.read() : part;
    if (content.byteLength !== part.byteLength) {
      throw new Error(
        `${who}: expected ${part.byteLength} bytes of data, got ${content.byteLength}`,
      );
    }
    bytes.set(content, at);
    at += content.byteLength;
  }
  return bytes;
}

const key = (field: number, kind: number): Uint8Array => groupsOf(field * 8 + kind);

/** Seven bits a byte, the lowest first, the eighth bit saying that more follow. */
function groupsOf(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}
