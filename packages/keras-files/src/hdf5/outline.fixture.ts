import { File, type Group, ready } from "h5wasm";

/** What a file holds, its numbers apart. */
export interface Outline {
  /** Path of a dataset to its type and shape. */
  datasets: Record<string, string>;
  /** Path of a group or dataset, and name, to an attribute's type and shape; strings with their value. */
  attributes: Record<string, string>;
  groups: string[];
}

/** An HDF5 file's groups, datasets and attributes, read without this package's own reader. */
export async function outlineOf(bytes: Uint8Array): Promise<Outline> {
  const { FS } = await ready;
  const path = `/outline-${Math.random()}.h5`;
  FS.writeFile(path, bytes);
  const file = new File(path, "r");
  try {
    const outline: Outline = { datasets: {}, attributes: {}, groups: [] };
    for (const at of ["/", ...file.paths()]) {
      const entity = file.get(at) as Group & { shape?: number[]; dtype?: unknown };
      if (entity.type === "Dataset") outline.datasets[at] = `${entity.dtype} [${entity.shape}]`;
      else outline.groups.push(at);
      for (const [name, { dtype, shape, metadata, value }] of Object.entries(entity.attrs)) {
        const shown = /config/.test(name) ? "" : ` ${value}`;
        outline.attributes[`${at} ${name}`] =
          `${dtype}${metadata.vlen ? " of any length" : ""} [${shape}]${shown}`;
      }
    }
    outline.groups.sort();
    return outline;
  } finally {
    file.close();
    FS.unlink(path);
  }
}

/** The text of an attribute of the file itself. */
export async function attributeText(bytes: Uint8Array, name: string): Promise<string> {
  const { FS } = await ready;
  const path = `/attribute-${Math.random()}.h5`;
  FS.writeFile(path, bytes);
  const file = new File(path, "r");
  try {
    return `${file.attrs[name]!.value}`;
  } finally {
    file.close();
    FS.unlink(path);
  }
}
