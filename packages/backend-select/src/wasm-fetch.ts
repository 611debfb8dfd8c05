// tfjs's wasm module, once its file could not be had, refuses other paths for the life of the page. So the file
// is looked at on its way: what is no WebAssembly never reaches tfjs, and a later call may name another folder.

/** The file is not where it was looked for. */
export class MissingWasmFile extends Error {}

/**
 * Runs **work**, in which tfjs fetches its `.wasm` file: from **expected**, or one whose name tells it. An answer
 * that is none rejects with the reason, and tfjs waits for it without end.
 */
export async function withCheckedFetch<T>(expected: string, work: () => Promise<T>): Promise<T> {
  const { fetch } = globalThis;
  if (typeof fetch !== "function") return work();
  let refuse: (reason: MissingWasmFile) => void = () => {};
  const refusal = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  const checked: typeof fetch = async (input, init) => {
    const place = typeof input === "object" && "url" in input ? input.url : String(input);
    const isWasm = place === expected || place.includes("tfjs-backend-wasm");
    if (!isWasm) return fetch(input, init);
    try {
      const response = await fetch(input, init);
      const fault = await faultOf(response.clone());
      if (fault === undefined) return response;
      refuse(new MissingWasmFile(`missing .wasm file: ${place} ${fault}`));
    } catch (error) {
      refuse(new MissingWasmFile(`missing .wasm file: ${place}: ${String(error)}`));
    }
    return new Promise<Response>(() => {});
  };
  globalThis.fetch = checked;
  try {
    return await Promise.race([work(), refusal]);
  } finally {
    // Whoever has put another in its place since then calls this one, which still works.
    if (globalThis.fetch === checked) globalThis.fetch = fetch;
  }
}

async function faultOf(response: Response): Promise<string | undefined> {
  if (!response.ok) return `answers ${response.status}`;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (WebAssembly.validate(bytes)) return undefined;
  // A development server answers any unknown path with its page.
  const type = response.headers.get("content-type");
  return type?.startsWith("text/html") ? "is an HTML page" : "is no WebAssembly";
}
