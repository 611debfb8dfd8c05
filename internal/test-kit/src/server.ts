// What a page of a test is served from: a port of its own, and mostly a folder.

import { readFileSync, statSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** Serves until it is closed. */
export interface Served {
  /** Without a slash at its end. */
  address: string;
  close(): void;
}

type Headers = Readonly<Record<string, string>>;

/** Headers that make a page cross-origin isolated. */
export const isolation: Headers = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const types: Headers = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
};

/** Serves what **answer** answers, on a free port of this machine. */
export async function served(answer: RequestListener): Promise<Served> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Answers with the files of a folder, *index.html* for the folder itself, and 404 for what it has not. */
export function filesOf(folder: string, headers: Headers = {}): RequestListener {
  return ({ url = "/" }, response) => {
    const path = join(folder, pathOf(url).replace(/\/$/, "/index.html"));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end();
    const type = types[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, ...headers }).end(readFileSync(path));
  };
}

/** The path of a request's address, without what is asked behind it. */
export function pathOf(url = "/"): string {
  return new URL(`http://localhost${url}`).pathname;
}
