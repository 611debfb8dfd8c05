import {
  brokenAt,
  expectVersion,
  type Hdf5Bytes,
  address as nextAddress,
  otherThan,
  type Part,
  partOf,
  skip,
  text,
  uint,
} from "./bytes.ts";
import { denseObjects } from "./dense.ts";
import { kinds, type Message } from "./header.ts";
import { countOf, padded, shapeOf, typeOf, type ValueType } from "./type.ts";

/** Gives the object of a global heap. */
export type HeapObject = (at: number, index: number) => Part;

/** An attribute of an object, described but not read. */
export interface Attribute {
  shape: readonly number[] | undefined;
  type: ValueType;
  values: Part;
}

/**
 * An object's attributes by name.
 *
 * Reference: HDF5 File Format Specification, IV.A.2.m. The Attribute Message
 */
export function attributesOf(messages: readonly Message[]): Map<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const { kind, body } of messages) {
    if (kind === kinds.attribute) attributes.set(...attribute(body));
    if (kind === kinds.attributeInfo) {
      for (const each of moreAttributes(body)) attributes.set(...attribute(each));
    }
  }
  return attributes;
}

function attribute(part: Part): [string, Attribute] {
  const version = expectVersion(part, 1, 2, 3);
  const flags = uint(part, 1);
  const [nameSize, typeSize, shapeSize] = [uint(part, 2), uint(part, 2), uint(part, 2)];
  if (version === 3) skip(part, 1);
  if (version > 1 && flags & 3) {
    throw otherThan(part.file, "attributes that describe themselves", "one of a shared type");
  }
  const isPadded = version === 1;
  const name = text(padded(part, "attribute", nameSize, isPadded), nameSize);
  const type = typeOf(padded(part, "attribute", typeSize, isPadded));
  const shape = shapeOf(padded(part, "attribute", shapeSize, isPadded));
  return [name, { shape, type, values: part }];
}

/** The attributes that are too many, or too long, for a header. */
function moreAttributes(info: Part): Part[] {
  expectVersion(info, 0);
  if (uint(info, 1) & 1) skip(info, 2);
  const [heap, tree] = [nextAddress(info), nextAddress(info)];
  return heap === undefined ? [] : denseObjects(info.file, heap, tree, "attributes");
}

/**
 * An attribute's text, or list of texts.
 *
 * @throws for anything else, and for more text than the file has.
 */
export function attributeText(
  file: Hdf5Bytes,
  name: string,
  { shape, type, values }: Attribute,
  heapObject: HeapObject,
): string | string[] {
  const refuse = (got: string) => otherThan(file, `the attribute ${name} to be text`, got);
  if (!shape || shape.length > 1) throw refuse(`one of ${shape?.length ?? "no"} axes`);
  const count = countOf(shape);
  // Keras writes an empty list of strings as one of no numbers.
  if (count === 0 && shape.length === 1) return [];
  if (type.name !== "text") throw refuse(type.name);
  if (!(count * type.size <= values.end - values.at)) {
    throw brokenAt(file, "attribute", values.start);
  }
  const part = { ...values };
  const found = Array.from({ length: count }, () =>
    type.inHeap ? textInHeap(part, heapObject) : text(part, type.size),
  );
  return shape.length === 0 ? found[0]! : found;
}

function textInHeap(part: Part, heapObject: HeapObject): string {
  const size = uint(part, 4);
  const [at, index] = [nextAddress(part), uint(part, 4)];
  if (size === 0 || at === undefined || at === 0) return "";
  const object = heapObject(at, index);
  return text(
    partOf(part.file, "heap", object.start, Math.min(size, object.end - object.start)),
    size,
  );
}
