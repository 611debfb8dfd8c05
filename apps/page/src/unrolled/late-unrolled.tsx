import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

type Part = typeof import("./unrolled.tsx");

/** `Unrolled`, loaded when it is first looked at: who only trains does not wait for it. */
export function LateUnrolled(): VNode | null {
  const [part, setPart] = useState<Part>();
  useEffect(() => void import("./unrolled.tsx").then(setPart), []);
  return part ? <part.Unrolled /> : null;
}
