// A folder and a few files besides, served as a page that may share memory or as one that may not.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** A server's address, and what ends it. */
export interface Served {
  address: string;
  close(): void;
}

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder and **files** by their names; cross-origin isolated, or without its headers. */
export async function served(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  isIsolated: boolean,
): Promise<Served> {
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = join(folder, pathname === "/" ? "index.html" : pathname);
    const body =
      files.get(pathname.slice(1)) ?? (existsSync(path) ? readFileSync(path) : undefined);
    const type = types[extname(path)] ?? "application/octet-stream";
    const headers = { "content-type": type, ...(isIsolated ? isolation : {}) };
    response.writeHead(body ? 200 : 404, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}
