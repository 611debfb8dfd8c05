import { shown as shownShape } from "@rnnkit/core-rnn";
import { shownName } from "../keras/limits.ts";
import { type Attribute, attributesOf, attributeText } from "./attribute.ts";
import { boundedBytes, brokenAt, type Hdf5Bytes, otherThan } from "./bytes.ts";
import { type Description, descriptionOf, readValues } from "./dataset.ts";
import { type Member, membersOf } from "./group.ts";
import { type Message, messagesAt, rootAddress } from "./header.ts";
import { globalHeaps } from "./heap.ts";
import { countOf, isNumber } from "./type.ts";

/** One dataset, described but not read. */
export interface Hdf5Dataset {
  path: string;
  shape: readonly number[];
  /** `f4`, `f8`, `i8`, `u4`, ... */
  type: string;
  /** All values as float32, in row-major order; at the beginning of **into**, where given. */
  read(into?: Float32Array): Float32Array;
}

/** An HDF5 file's contents. */
export interface Hdf5 {
  /** By path without a leading slash. */
  datasets: ReadonlyMap<string, Hdf5Dataset>;
  groups: ReadonlySet<string>;
  /** A group's string or list of strings; undefined where there is none. "" is the root. */
  text(group: string, attribute: string): string | string[] | undefined;
}

const mostObjects = 50_000;
/** Paths of models in models in models have some 20 parts. */
const mostGroups = 40;
/** Of 50,000 objects the paths have some 5 million letters. */
const mostLetters = 2 ** 24;

/** An object of a file, whatever names it has. */
interface Entity {
  messages: readonly Message[];
  members: readonly Member[] | undefined;
  description: Description | undefined;
  attributes?: ReadonlyMap<string, Attribute>;
  /** By attribute, since each is read once. */
  texts: Map<string, string | string[]>;
}

/**
 * Reads HDF5 as Keras, h5py and this package write it.
 *
 * Nothing is believed: each address and size is looked at before it is followed, and the whole takes time
 * and memory in proportion to the bytes, whatever they say. The tree is read at once, values later. Links
 * to elsewhere, data outside the file, filters and sizes that the file cannot hold are refused.
 *
 * Reference: HDF5 File Format Specification, version 3.0
 *
 * @throws if the bytes are not a whole HDF5 file, or hold what Keras's files do not.
 */
export function openHdf5(who: string, bytes: Uint8Array): Hdf5 {
  const file = boundedBytes(who, bytes);
  const entityAt = entities(file);
  const heapObject = globalHeaps(file);
  const datasets = new Map<string, Hdf5Dataset>();
  const groups = new Map<string, Entity>();
  const root = entityAt(rootAddress(file));
  if (!root.members) throw brokenAt(file, "root group", 0);
  const open: { path: string; entity: Entity }[] = [{ path: "", entity: root }];
  let [objects, letters] = [1, 0];
  // A group that holds itself ends at the depth, one that holds itself twice at the number of objects.
  for (let next = open.pop(); next; next = open.pop()) {
    groups.set(next.path, next.entity);
    const depth = next.path === "" ? 1 : next.path.split("/").length + 1;
    for (const { name, target } of next.entity.members!) {
      const path = next.path ? `${next.path}/${name}` : name;
      letters += path.length;
      if (++objects > mostObjects) {
        throw otherThan(file, `at most ${mostObjects} objects in the file`, "more");
      }
      if (depth > mostGroups) {
        throw otherThan(file, `groups nested at most ${mostGroups} deep`, shownName(path));
      }
      if (letters > mostLetters) {
        throw otherThan(file, `at most ${mostLetters} letters of paths in the file`, "more");
      }
      if (typeof target === "string") throw otherThan(file, `no ${target}`, shownName(path));
      const entity = entityAt(target);
      if (entity.description) datasets.set(path, dataset(file, path, entity.description));
      else if (entity.members) open.push({ path, entity });
      else throw otherThan(file, "groups and datasets", `${shownName(path)} of another type`);
    }
  }
  const textOf = (group: string, name: string): string | string[] | undefined => {
    const entity = groups.get(group);
    if (!entity) return undefined;
    entity.attributes ??= attributesOf(entity.messages);
    const attribute = entity.attributes.get(name);
    if (!attribute) return undefined;
    const text = entity.texts.get(name) ?? attributeText(file, name, attribute, heapObject);
    entity.texts.set(name, text);
    return text;
  };
  return { datasets, groups: new Set(groups.keys()), text: textOf };
}

/** Gives the object at an address, which is read once. */
function entities(file: Hdf5Bytes): (at: number) => Entity {
  const known = new Map<number, Entity>();
  return (at) => {
    const found = known.get(at);
    if (found) return found;
    const messages = messagesAt(file, at);
    const description = descriptionOf(file, messages);
    const members = description ? undefined : membersOf(file, messages);
    const entity = { messages, members, description, texts: new Map() };
    known.set(at, entity);
    return entity;
  };
}

function dataset(file: Hdf5Bytes, path: string, from: Description): Hdf5Dataset {
  const { shape, type, layout } = from;
  const name = shownName(path);
  if (!shape) throw otherThan(file, "datasets with values", `${name} without`);
  if (layout.kind === "virtual") {
    throw otherThan(file, "data inside the file", `${name}, which is virtual`);
  }
  const count = countOf(shape);
  if (!(type.size * count <= file.bytes.length)) {
    throw otherThan(
      file,
      `datasets that ${file.bytes.length} bytes can hold`,
      `${name} of shape ${shownShape(shape)}, ${type.size * count} bytes`,
    );
  }
  if (from.filter) {
    throw otherThan(file, "data as it is, without filters", `${name} with ${from.filter}`);
  }
  const read = (into?: Float32Array): Float32Array => {
    if (!isNumber(type)) throw otherThan(file, `numbers in ${name}`, type.name);
    if (from.inOtherFiles) throw otherThan(file, `the values of ${name}`, "data in another file");
    const result = into?.subarray(0, count) ?? new Float32Array(count);
    readValues(file, from, result);
    return result;
  };
  return { path, shape, type: type.name, read };
}
