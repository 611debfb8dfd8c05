// A folder and a few files besides, served as a page that may share memory or as one that may not. Pages answer here.

import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";

/** Serves until it is closed. */
export interface Served {
  /** Its address as of a cross-origin isolated page, or of one that is none. */
  address(isIsolated: boolean): string;
  /** What the page of a **visit** answers, and the reply to it: an address to which it goes next. */
  answered(visit: string): Promise<{ answer: string; goOn(address: string): void }>;
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

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Serves a folder and **files** by their names, from one port with isolation's headers and one without. */
export async function served(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Served> {
  const waiting = new Map<string, (answer: string, response: ServerResponse) => void>();
  const serve =
    (headers: Record<string, string>): Listener =>
    async (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      if (request.method === "POST") {
        const answer = await text(request);
        waiting.get(searchParams.get("visit") ?? "")?.(answer, response);
        return;
      }
      const path = join(folder, pathname === "/" ? "index.html" : pathname);
      const file = files.get(pathname.slice(1));
      const body = file ?? (existsSync(path) ? readFileSync(path) : undefined);
      const type = types[extname(path)] ?? "application/octet-stream";
      // A page that is left is gone, and its workers with it.
      const common = { "content-type": type, "cache-control": "no-store" };
      response.writeHead(body ? 200 : 404, { ...common, ...headers }).end(body);
    };
  const servers = [await listening(serve({})), await listening(serve(isolation))];
  return {
    address(isIsolated) {
      const { port } = servers[Number(isIsolated)]!.address() as AddressInfo;
      return `http://127.0.0.1:${port}/`;
    },
    answered: (visit) =>
      new Promise((resolve) => {
        waiting.set(visit, (answer, response) => {
          waiting.delete(visit);
          resolve({ answer, goOn: (address) => response.end(address) });
        });
      }),
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function listening(listener: Listener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
