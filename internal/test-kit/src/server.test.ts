import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { filesOf, isolation, served } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-server-"));
writeFileSync(join(folder, "index.html"), "page");
writeFileSync(join(folder, "main.js"), "script");
const server = await served(filesOf(folder, isolation));
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("a folder's file comes with its type and the headers, whatever is asked behind its name", async () => {
  for (const [path, text, type] of [
    ["/", "page", "text/html; charset=utf-8"],
    ["/?lang=zh", "page", "text/html; charset=utf-8"],
    ["/main.js?v=1", "script", "text/javascript; charset=utf-8"],
  ]) {
    const answer = await fetch(server.address + path);
    expect([answer.status, await answer.text()]).toEqual([200, text]);
    expect(answer.headers.get("content-type")).toBe(type);
    expect(answer.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  }
});

test("what the folder has not, its parent's files among it, is 404", async () => {
  for (const path of ["/no.js", "/no/", "/../package.json", "/%2e%2e/package.json"])
    expect((await fetch(server.address + path)).status).toBe(404);
});
