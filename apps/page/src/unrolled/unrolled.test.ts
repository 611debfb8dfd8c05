import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesOf, type Served, served } from "@rnnkit/test-kit/server";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { shownNumber } from "../language/numbers.ts";
import { defaultSettings, unrolledNetwork, unrolledPasses } from "./backpropagation.ts";
import { momentAt } from "./playback.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
let folder: string;
let server: Served;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "unrolled-"));
  writeFileSync(
    join(folder, "index.html"),
    `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Unrolled</title>
    <body><div class="page"><main></main></div><script type="module" src="./main.ts"></script>`,
  );
  writeFileSync(
    join(folder, "main.ts"),
    `import { h, render } from "${packageFile("preact")}";
    import "${here}../app/page.css";
    import { Unrolled } from "${here}unrolled.tsx";
    render(h(Unrolled, {}), document.querySelector("main"));`,
  );
  await build({
    root: folder,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@rnnkit/source", "module", "browser", "import", "default"] },
  });
  const files = filesOf(join(folder, "dist"));
  server = await served((request, response) => {
    // What is missing is said on the page's console.
    if (request.url === "/favicon.ico") response.writeHead(204).end();
    else files(request, response);
  });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

function packageFile(name: string): string {
  return createRequire(import.meta.url)
    .resolve(name)
    .replace(/\.js$/, ".mjs");
}

/** The picture as a visitor has it, with what its console says. */
async function visit(
  options: BrowserContextOptions = {},
  query = "",
): Promise<Page & { said: string[] }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en",
    ...options,
  });
  const page = Object.assign(await context.newPage(), { said: [] as string[] });
  page.on("console", (message) => page.said.push(message.text()));
  page.on("pageerror", (error) => page.said.push(`${error}`));
  await page.goto(`${server.address}/${query}`);
  await page.waitForSelector(".unrolled-chart-box svg");
  return page;
}

test("places in the two passes: forwards to T, then backwards to the first step", () => {
  expect([0, 1, 5, 6, 7, 10].map((position) => momentAt(position, 5))).toEqual([
    { forward: 0, backward: 6 },
    { forward: 1, backward: 6 },
    { forward: 5, backward: 6 },
    { forward: 5, backward: 5 },
    { forward: 5, backward: 4 },
    { forward: 5, backward: 1 },
  ]);
});

test("the picture and its tables say core-rnn's numbers, of the settings chosen", async () => {
  const page = await visit();
  await page.getByRole("radio", { name: "LSTM" }).check();
  await page.getByRole("slider", { name: "Time steps" }).fill("40");
  const settings = { ...defaultSettings, steps: 40 };
  const { steps } = unrolledPasses(unrolledNetwork("lstm", settings));
  const simple = unrolledPasses(unrolledNetwork("simpleRnn", settings));
  const shown = (value: number) => shownNumber("en", value);
  const titles = await page.locator(".unrolled-gradient title").allTextContents();
  for (const t of [0, 20, 39]) {
    const place = String(t + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);
    expect(titles).toContain(`|∂L/∂h${place}| = ${shown(steps[t].dhNorm)}`);
    if (t < 39) expect(titles).toContain(`|∂L/∂c${place}| = ${shown(steps[t].dcNorm!)}`);
  }
  await page.getByText("All numbers as a table").click();
  const first = await page
    .getByRole("row", { name: /^1 / })
    .first()
    .getByRole("cell")
    .allTextContents();
  expect([first[0], first[3], first[4], first[5]]).toEqual(
    [steps[0].x, steps[0].y, steps[0].dhNorm, steps[0].dcNorm!].map(shown),
  );
  await page.getByText("The gradients of all cells as a table").click();
  const curves = page.getByRole("table", { name: "norm of the gradient" });
  const last = curves.getByRole("row", { name: /^40 / }).getByRole("cell");
  expect((await last.allTextContents()).slice(0, 3)).toEqual(
    [simple.steps[39].dhNorm, steps[39].dhNorm, steps[39].dcNorm!].map(shown),
  );
  // A dot of the chart for every number of that table.
  expect(await page.locator(".unrolled-chart-box circle").count()).toBe(4 * 40);
  expect(page.said).toEqual([]);
  await page.context().close();
});

test("the keyboard goes through both passes; nothing that is not reached is drawn", async () => {
  const page = await visit();
  const where = page.locator(".unrolled-where");
  await page.getByRole("button", { name: "To the start" }).focus();
  await page.keyboard.press("Enter");
  expect(await where.textContent()).toBe("Before the first step");
  expect(await page.locator(".unrolled-unit").count()).toBe(0);
  await page.getByRole("button", { name: "One step on" }).focus();
  await page.keyboard.press("Space");
  expect(await where.textContent()).toBe("Forward, step 1 of 20: the state reads x₁");
  expect(await page.locator(".unrolled-unit").count()).toBe(defaultSettings.units);
  await page.getByRole("slider", { name: "Place in the two passes" }).focus();
  for (let k = 0; k < 20; k++) await page.keyboard.press("ArrowRight");
  expect(await where.textContent()).toMatch(/^Backward, at step 20: \|∂L\/∂h₂₀\| = /);
  expect(await page.locator(".unrolled-gradient").count()).toBe(1);
  await page.keyboard.press("End");
  expect(await page.locator(".unrolled-gradient").count()).toBe(20);
  await page.context().close();
});

test("playing goes on by itself, except for those who want no motion: they have the steps", async () => {
  const page = await visit();
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".unrolled-unit").length > 12);
  await page.getByRole("button", { name: "Pause" }).click();
  expect(await page.locator(".unrolled-gradient").count()).toBe(0);
  await page.context().close();
  const still = await visit({ reducedMotion: "reduce" });
  expect(await still.getByRole("button", { name: "Play" }).count()).toBe(0);
  await still.getByRole("button", { name: "One step back" }).click();
  expect(await still.locator(".unrolled-where").textContent()).toMatch(/^Backward, at step 2:/);
  await still.context().close();
});

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("axe finds nothing, and nothing is wider than the page: light and wide, dark and narrow", async () => {
  const page = await visit({ colorScheme: "light" });
  await page.getByRole("slider", { name: "Time steps" }).fill("5");
  await page.evaluate(axe);
  await page.evaluate(() => {
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
  for (const [colorScheme, width, cell] of [
    ["light", 1280, "LSTM"],
    ["dark", 390, "GRU"],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await page.getByRole("radio", { name: cell }).check();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
      // The heading of first order and the landmarks are the page's.
      const { violations } = await axe.run(".unrolled");
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
    expect(found).toEqual([]);
  }
  await page.context().close();
});
