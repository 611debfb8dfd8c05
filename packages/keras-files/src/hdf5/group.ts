// What an HDF5 group holds: in a symbol table, as h5py writes it, or in links.
// Reference: HDF5 File Format Specification, III.A. B-trees, III.B. Group Symbol Table Nodes, IV.A.2.g. Link

import { shownName } from "../keras/limits.ts";
import {
  address,
  brokenAt,
  expectSignature,
  expectVersion,
  type Hdf5Bytes,
  otherThan,
  type Part,
  partOf,
  skip,
  text,
  uint,
} from "./bytes.ts";
import { denseObjects } from "./dense.ts";
import { kinds, type Message } from "./header.ts";
import { localHeap } from "./heap.ts";

/** A name in a group, and where its object stands; else what else it is. */
export interface Member {
  name: string;
  target: number | "soft link" | "link to another file";
}

/** The members of a group; undefined if messages are not of one. */
export function membersOf(file: Hdf5Bytes, messages: readonly Message[]): Member[] | undefined {
  const members: Member[] = [];
  let isGroup = false;
  for (const { kind, body } of messages) {
    if (kind === kinds.symbolTable) for (const member of symbols(body)) members.push(member);
    else if (kind === kinds.link) members.push(link(body));
    else if (kind === kinds.linkInfo) for (const each of moreLinks(body)) members.push(link(each));
    else continue;
    isGroup = true;
  }
  if (!isGroup) return undefined;
  const names = new Set<string>();
  for (const { name } of members) {
    if (name === "" || name.includes("/") || names.has(name)) {
      throw otherThan(file, "different names without / in a group", shownName(name));
    }
    names.add(name);
  }
  return members;
}

const softLink = 2;

function symbols(table: Part): Member[] {
  const { file } = table;
  const [tree, heap] = [address(table) ?? Number.NaN, address(table) ?? Number.NaN];
  const nameAt = localHeap(file, heap);
  const members: Member[] = [];
  for (const at of leavesOf(file, tree)) {
    const header = partOf(file, "group", at, 8);
    expectSignature(header, "SNOD");
    expectVersion(header, 1);
    skip(header, 1);
    const count = uint(header, 2);
    const entry = 2 * file.addressSize + 24;
    const node = partOf(file, "group", at + 8, count * entry);
    for (let i = 0; i < count; i++) {
      node.at = node.start + i * entry;
      const name = nameAt(address(node) ?? Number.NaN);
      const object = address(node) ?? Number.NaN;
      members.push({ name, target: uint(node, 4) === softLink ? "soft link" : object });
    }
  }
  return members;
}

/** Addresses at the leaves of a group's B-tree, in order. */
function leavesOf(file: Hdf5Bytes, root: number): number[] {
  const open = [{ at: root, level: 256 }];
  const leaves: number[] = [];
  for (let next = open.pop(); next; next = open.pop()) {
    const node = treeNode(file, next.at, next.level, 0, file.lengthSize);
    const children = node.children.map(({ at }) => at);
    if (node.level === 0) leaves.push(...children);
    else for (const at of children.reverse()) open.push({ at, level: node.level });
  }
  return leaves;
}

/** A node of a B-tree: its children, each with the key before it. */
export interface TreeNode {
  level: number;
  children: { key: Part; at: number }[];
}

/** The node at an address, which must stand lower than **above**: so no walk ends in a circle. */
export function treeNode(
  file: Hdf5Bytes,
  at: number,
  above: number,
  type: number,
  keySize: number,
): TreeNode {
  const size = 8 + 2 * file.addressSize;
  const header = partOf(file, "B-tree", at, size);
  expectSignature(header, "TREE");
  if (uint(header, 1) !== type) throw brokenAt(file, "B-tree", at);
  const level = uint(header, 1);
  if (level >= above) throw brokenAt(file, "B-tree", at);
  const count = uint(header, 2);
  const body = partOf(file, "B-tree", at + size, count * (keySize + file.addressSize) + keySize);
  const children: TreeNode["children"] = [];
  for (let i = 0; i < count; i++) {
    const start = skip(body, keySize);
    const key = { ...body, start, at: start, end: start + keySize };
    children.push({ key, at: address(body) ?? Number.NaN });
  }
  return { level, children };
}

/** The links that are too many for a header. */
function moreLinks(info: Part): Part[] {
  expectVersion(info, 0);
  if (uint(info, 1) & 1) skip(info, 8);
  const [heap, tree] = [address(info), address(info)];
  return heap === undefined ? [] : denseObjects(info.file, heap, tree, "links");
}

function link(part: Part): Member {
  const { file } = part;
  expectVersion(part, 1);
  const flags = uint(part, 1);
  const type = flags & 8 ? uint(part, 1) : 0;
  if (flags & 4) skip(part, 8);
  if (flags & 16) skip(part, 1);
  const name = text(part, uint(part, 1 << (flags & 3)));
  if (type === 0) return { name, target: address(part) ?? Number.NaN };
  if (type === 1) return { name, target: "soft link" };
  if (type === 64) return { name, target: "link to another file" };
  throw otherThan(file, "groups and datasets", `${shownName(name)} of another type`);
}
