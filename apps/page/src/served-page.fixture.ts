// The built page on a static server, and one Chromium: shared by all tests of a file.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";

const executablePath = env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";

/** Why there is no browser; false where there is one. */
export const lacksChromium = !existsSync(executablePath);

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

export interface ServedPage {
  browser: Browser;
  folder: string;
  /** The page in a subfolder of a server that sends no headers of its own, or those of isolation. */
  address(isIsolated?: boolean): string;
  close(): Promise<void>;
}

/** Builds the page, serves it from a subfolder, starts Chromium. */
export async function servePage(): Promise<ServedPage> {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-page-"));
  const root = fileURLToPath(new URL("..", import.meta.url));
  await build({ root, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  const servers = await Promise.all([listening(folder, {}), listening(folder, isolation)]);
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-quic"],
  });
  return {
    browser,
    folder,
    address(isIsolated = false) {
      const { port } = (servers[Number(isIsolated)] as Server).address() as AddressInfo;
      return `http://127.0.0.1:${port}/some/folder/`;
    },
    async close() {
      await browser.close();
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(folder, { recursive: true });
    },
  };
}

async function listening(folder: string, headers: Record<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = pathname.replace(/^\/some\/folder\//, "");
    const path = join(folder, name === "" ? "index.html" : name);
    const isThere = pathname.startsWith("/some/folder/") && existsSync(path);
    const type = types[extname(path)] ?? "application/octet-stream";
    response.writeHead(isThere ? 200 : 404, { "content-type": type, ...headers });
    response.end(isThere ? readFileSync(path) : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
