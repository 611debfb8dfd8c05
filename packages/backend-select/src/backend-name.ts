// The backends there are. One table: order, package, and the name tfjs knows it by.

/** A backend as a user asks for it: the npm package's last word. */
export type BackendName = "tfjs-node-gpu" | "webgpu" | "wasm" | "tfjs-node" | "cpu";

export interface BackendEntry {
  readonly name: BackendName;
  readonly packageName: string;
  /** What `tf.setBackend` takes. Both native packages register the same name. */
  readonly tfBackend: "tensorflow" | "webgpu" | "wasm" | "cpu";
  /** The priority that the package itself registers with. */
  readonly priority: number;
}

const table: Readonly<Record<BackendName, BackendEntry>> = {
  "tfjs-node-gpu": {
    name: "tfjs-node-gpu",
    packageName: "@tensorflow/tfjs-node-gpu",
    tfBackend: "tensorflow",
    priority: 3,
  },
  webgpu: {
    name: "webgpu",
    packageName: "@tensorflow/tfjs-backend-webgpu",
    tfBackend: "webgpu",
    priority: 3,
  },
  wasm: {
    name: "wasm",
    packageName: "@tensorflow/tfjs-backend-wasm",
    tfBackend: "wasm",
    priority: 2,
  },
  "tfjs-node": {
    name: "tfjs-node",
    packageName: "@tensorflow/tfjs-node",
    tfBackend: "tensorflow",
    priority: 3,
  },
  cpu: {
    name: "cpu",
    packageName: "@tensorflow/tfjs-backend-cpu",
    tfBackend: "cpu",
    priority: 1,
  },
};

/**
 * Every backend name, in the order in which `selectBackend` tries them by default: a GPU where there is one, then
 * the CPU's vectors, then plain JavaScript. It is a rule and no measurement.
 */
export const backendNames: readonly BackendName[] = [
  "tfjs-node-gpu",
  "webgpu",
  "wasm",
  "tfjs-node",
  "cpu",
];

export function backendEntry(name: BackendName): BackendEntry {
  return table[name];
}

export function isBackendName(name: unknown): name is BackendName {
  return backendNames.includes(name as BackendName);
}
