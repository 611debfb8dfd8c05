// A folder and a few files besides, served as a page that may share memory or as one that may not. Pages answer here.

import type { RequestListener, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { filesOf, isolation, pathOf, served } from "@rnnkit/test-kit/server";

/** Serves until it is closed. */
export interface PageServer {
  /** Its address as of a cross-origin isolated page, or of one that is none. */
  address(isIsolated: boolean): string;
  /** What the page of a **visit** answers, and the reply to it: an address to which it goes next. */
  answered(visit: string): Promise<{ answer: string; goOn(address: string): void }>;
  close(): void;
}

// A page that is left is gone, and its workers with it.
const common = { "cache-control": "no-store" };

/** Serves a folder and **files** by their names, from one port with isolation's headers and one without. */
export async function servePages(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<PageServer> {
  const waiting = new Map<string, (answer: string, response: ServerResponse) => void>();
  const serve = (headers: Readonly<Record<string, string>>): RequestListener => {
    const fromFolder = filesOf(folder, headers);
    return async (request, response) => {
      const file = files.get(pathOf(request.url).slice(1));
      if (request.method === "POST") {
        const visit = new URL(request.url ?? "/", "http://localhost").searchParams.get("visit");
        waiting.get(visit ?? "")?.(await text(request), response);
      } else if (file) response.writeHead(200, headers).end(file);
      else fromFolder(request, response);
    };
  };
  const servers = [await served(serve(common)), await served(serve({ ...common, ...isolation }))];
  return {
    address: (isIsolated) => `${servers[Number(isIsolated)]!.address}/`,
    answered: (visit) =>
      new Promise((resolve) => {
        waiting.set(visit, (answer, response) => {
          waiting.delete(visit);
          resolve({ answer, goOn: (address) => response.end(address) });
        });
      }),
    close() {
      for (const server of servers) server.close();
    },
  };
}
