interface Named {
  name: string;
}

/** The error for what ONNX cannot say: which layer, what is expected of it, what it has, the way out. */
export function refused(
  layer: Named,
  expected: string,
  { got, instead }: { got: unknown; instead: string },
): Error {
  return new Error(`exportOnnx: ${layer.name}: expected ${expected}, got ${got}; ${instead}`);
}
