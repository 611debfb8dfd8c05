// Adapters that run a GPU's programs on the CPU: right, and slow.

// lavapipe, which is Mesa's, gives its compiler's name; SwiftShader also says that it is a fallback.
const names: readonly (readonly [string, RegExp])[] = [
  ["SwiftShader", /swiftshader/i],
  ["lavapipe", /llvmpipe|lavapipe|softpipe/i],
  ["Microsoft Basic Render Driver", /basic render|\bwarp\b/i],
];

type Adapter = Pick<GPUAdapter, "info"> & { readonly isFallbackAdapter?: boolean };

/** Why an adapter is refused that is software; undefined for a GPU. */
export function softwareLack(adapter: Adapter): string | undefined {
  const name = softwareAdapter(adapter);
  if (name === undefined) return undefined;
  return `software adapter: ${name} computes on the CPU; allowSoftware: true takes it`;
}

/** The name of the software that the adapter is; undefined for a GPU. */
export function softwareAdapter(adapter: Adapter): string | undefined {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info ?? {};
  const said = [vendor, architecture, device, description].join(" ");
  const found = names.find(([, pattern]) => pattern.test(said));
  if (found) return found[0];
  // Browsers say it of the adapter itself, or of its info.
  const isFallback = isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return isFallback ? adapterName(adapter.info) : undefined;
}

/** An adapter as a log names it, as far as it tells: *SwiftShader driver 5.0.0*, *nvidia hopper*. */
export function adapterName(info: Partial<GPUAdapterInfo> | undefined): string {
  const { vendor, architecture, description } = info ?? {};
  return description || [vendor, architecture].filter(Boolean).join(" ") || "an unnamed adapter";
}
