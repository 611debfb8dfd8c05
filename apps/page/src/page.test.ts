// The built page in a real Chromium, each flow as a visitor has it.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { tinyImdb } from "../../../packages/datasets-imdb/src/tiny-imdb.fixture.ts";
import { chinese } from "./language/chinese.ts";
import { english } from "./language/english.ts";
import { lacksChromium, type ServedPage, servePage, startChromium } from "./served-page.fixture.ts";

let served: ServedPage;
let files: string;
const said: string[] = [];

beforeAll(async () => {
  files = mkdtempSync(join(tmpdir(), "rnnkit-page-files-"));
  if (!lacksChromium) served = await servePage();
}, 120_000);

afterAll(async () => {
  await served?.close();
  rmSync(files, { recursive: true });
});

afterEach(async () => {
  expect(said.splice(0)).toEqual([]);
  for (const context of served?.browser.contexts() ?? []) await context.close();
});

interface Visit extends BrowserContextOptions {
  isIsolated?: boolean;
  browser?: Browser;
}

/** A new visitor's page, whose errors are the test's. The service worker has a test of its own. */
async function visit(query: string, options: Visit = {}): Promise<Page> {
  const { isIsolated = false, browser = served.browser, ...context } = options;
  const page = await (
    await browser.newContext({
      ...{ serviceWorkers: "block", locale: "en", viewport: { width: 1280, height: 900 } },
      ...context,
    })
  ).newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", ({ message }) => said.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") said.push(message.text());
  });
  await page.goto(served.address(isIsolated) + query);
  return page;
}

const status = (page: Page) => page.locator(".status");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function until(page: Page, phase: string): Promise<void> {
  await page.locator(`.status[data-phase="${phase}"]`).waitFor();
}

async function trained(page: Page): Promise<void> {
  await button(page, "Train").click();
  await until(page, "complete");
}

/** Drops a file on the page. */
async function drop(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  const bytes = [...(typeof content === "string" ? new TextEncoder().encode(content) : content)];
  await page.evaluate(
    ([name, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes as number[])], name as string));
      const options = { dataTransfer: data, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new DragEvent("dragover", options));
      document.body.dispatchEvent(new DragEvent("drop", options));
    },
    [name, bytes] as const,
  );
}

/** Writes a setting as one does who goes on by the tabulator key. */
async function set(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel(label, { exact: true }).press("Tab");
}

/** What is to be read in a place. */
const textOf = async (place: Locator) => (await place.allInnerTexts())[0] ?? "";

/** Rows of the table of errors, as they are read. */
const errors = (page: Page) => page.locator("table.errors tbody tr").allInnerTexts();

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds that is serious or critical, by all of its rules or by some. */
async function serious(page: Page, rules?: string[]): Promise<unknown[]> {
  await page.evaluate(axe);
  return page.evaluate(async (runOnly) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { impact: string; id: string; nodes: { html: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run(runOnly ? { runOnly } : {});
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html.slice(0, 120))]);
  }, rules);
}

/** Pixels that a page is wider than its window. */
const overhang = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe.skipIf(lacksChromium)("the page", () => {
  test("what paints first is small and has neither tfjs nor the plotting library", async () => {
    const page = await visit("");
    await button(page, "Train").waitFor();
    const painted = await page.evaluate(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    );
    const loaded = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name),
    );
    const scripts = loaded
      .filter((name) => name.endsWith(".js"))
      .map((name) => name.split("/").at(-1)!);
    const assets = join(served.folder, "assets");
    const bytes = scripts.reduce((sum, name) => sum + statSync(join(assets, name)).size, 0);
    console.log(`first contentful paint ${painted.toFixed(0)} ms, scripts ${bytes} bytes`);
    expect(bytes).toBeLessThan(120_000);
    const source = scripts.map((name) => readFileSync(join(assets, name), "utf8")).join("");
    expect(source).not.toMatch(/tfjs|registerKernel|d3-/);
    expect(readdirSync(assets).some((name) => name.startsWith("worker"))).toBe(true);
  });

  test("an LSTM learns the sine live, beats the last value, and forecasts beyond the end", async () => {
    const page = await visit("?task=sine&epochs=6&ahead=30");
    await button(page, "Train").click();
    await page.locator(".legend .of-prediction").first().waitFor();
    await until(page, "complete");
    const [own, last] = (await errors(page)).map((row) => Number(row.split("\t")[1]));
    expect(own).toBeLessThan(last!);
    await expect(page.locator('figure [aria-label^="A line of 500 values"]').count()).resolves.toBe(
      1,
    );
    await expect(page.locator('[aria-label^="Losses of 6 epochs"]').count()).resolves.toBe(1);

    await page.getByText("The values that are forecast").click();
    const rows = page.locator(".ahead tbody tr");
    await expect(rows.count()).resolves.toBe(30);
    await page.locator(".ahead input").fill("7");
    await page.locator(".ahead input").press("Tab");
    await button(page, "Forecast ahead").click();
    await page.locator(".ahead tbody tr:nth-child(8)").waitFor({ state: "detached" });
    await expect(rows.count()).resolves.toBe(7);
    await expect(textOf(rows.first())).resolves.toMatch(/^500\t/);
    expect(page.url()).toContain("ahead=7");
  });

  test("a training pauses, goes on, and stops after the batch that it is at; what it learnt stays", async () => {
    const page = await visit("?task=sine&epochs=400&units=16");
    const done = () => page.locator("progress").evaluate((bar: HTMLProgressElement) => bar.value);
    await button(page, "Train").focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => (document.querySelector("progress")?.value ?? 0) > 30);
    // Who leaves now is asked by the browser.
    const [dialog] = await Promise.all([
      page.waitForEvent("dialog"),
      page.evaluate(() => setTimeout(() => location.reload())),
    ]);
    expect(dialog.type()).toBe("beforeunload");
    await dialog.dismiss();
    await button(page, "Pause").click();
    await page.waitForTimeout(200);
    const before = await done();
    await page.waitForTimeout(300);
    expect(await done()).toBe(before);
    await button(page, "Resume").click();
    await page.waitForFunction(
      (value) => (document.querySelector("progress")?.value ?? 0) > value,
      before,
    );
    await button(page, "Pause").click();
    await button(page, "Stop").focus();
    await page.keyboard.press("Enter");
    await until(page, "stopped");
    // The keyboard's place goes to what can be pressed next.
    await expect(page.locator("button:focus").textContent()).resolves.toBe("Train anew");
    await expect(textOf(status(page))).resolves.toMatch(
      /^Stopped in epoch \d+\. The model is kept\.$/,
    );
    await button(page, "Forecast ahead").click();
    await page.locator(".legend .of-ahead").waitFor();
    await expect(button(page, "Save as .keras").isEnabled()).resolves.toBe(true);
  });

  test("walk-forward judges a model a fold, keeps those that ended when it is stopped, and the model that is there", async () => {
    const page = await visit("?task=sine&epochs=1&units=4&window=5&ahead=2&backend=cpu");
    const rows = page.locator("table.folds tbody tr");
    await set(page, "Folds", "3");
    await button(page, "Evaluate").click();
    await page.getByText("All 3 folds are judged.").waitFor();
    const judged = (await rows.allInnerTexts()).map((row) => row.split("\t"));
    expect(judged.map((cells) => cells.slice(0, 3))).toEqual([
      ["1", "125", "249"],
      ["2", "250", "374"],
      ["3", "375", "499"],
    ]);
    // A third of the first past is less than a season of the sine: none is found there.
    expect(
      judged
        .flatMap((cells) => cells.slice(3, 7))
        .map(Number)
        .every(Number.isFinite),
    ).toBe(true);
    await expect(textOf(page.locator("table.folds tfoot"))).resolves.toMatch(/^All\t125\t499\t/);
    await page.getByText("2 steps ahead, all folds").waitFor();

    await trained(page);
    const steps = page
      .locator('[aria-label^="Errors of 1 to 2 steps"] text')
      .filter({ hasText: /^[12]$/ });
    await steps.first().waitFor();
    await expect(steps.allTextContents()).resolves.toEqual(["1", "2"]);
    const wanted = await errors(page);
    await set(page, "Epochs", "100");
    await set(page, "Folds", "10");
    await button(page, "Evaluate").click();
    await page.getByText(/^Fold ([2-9]|10) of 10$/).waitFor();
    await button(page, "Stop").click();
    const ended = page.getByText("of 10 folds were judged and are kept");
    await ended.waitFor();
    const count = Number((await textOf(ended)).split(" ")[0]);
    expect([count > 0, count < 10, await rows.count()]).toEqual([true, true, count]);
    await expect(page.locator("table.folds tfoot").count()).resolves.toBe(0);
    await expect(page.locator("button:focus").textContent()).resolves.toBe("Evaluate");
    expect(await errors(page)).toEqual(wanted);
    await expect(button(page, "Save as .keras").isEnabled()).resolves.toBe(true);
    // With a tip in a chart too.
    await page.locator(".plot svg").first().hover();
    expect(await serious(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await overhang(page)).toBe(0);

    await set(page, "Window", "900");
    await button(page, "Evaluate").click();
    await page.getByText("The first fold has 50 values to learn from").waitFor();
    await until(page, "complete");
  });

  test("a dropped CSV file is read as the command line reads it, its column chosen", async () => {
    const page = await visit("");
    const rows = Array.from(
      { length: 80 },
      (_, i) =>
        `${2020 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}-01;${(i % 12) + 0.5};${100 - i}`,
    );
    await drop(
      page,
      "months.csv",
      ["month;price;stock", ...rows].join("\n").replaceAll(".5", ",5"),
    );
    const column = page.getByLabel("Column");
    await column.waitFor();
    await expect(column.locator("option").allInnerTexts()).resolves.toEqual(["price", "stock"]);
    await column.selectOption("stock");
    await page.getByRole("checkbox", { name: "price" }).check();
    expect(page.url()).toContain("task=csv");
    expect(page.url()).toContain("features=price");
    await set(page, "Epochs", "2");
    await set(page, "Window", "12");
    await trained(page);
    await expect(textOf(page.locator(".source"))).resolves.toContain("stock of months.csv");
    await expect(textOf(page.locator(".source"))).resolves.toContain("the past of price too");
    await page.getByText("The values that are forecast").click();
    await expect(textOf(page.locator(".ahead tbody tr").first())).resolves.toMatch(/^2026-09-01\t/);

    // What the file does not prove is asked for; what is missing in it is told of.
    const open = Array.from(
      { length: 40 },
      (_, i) => `0${1 + (i % 9)}/0${1 + (i % 7)}/2024,${i % 5 || "NA"}`,
    );
    await drop(page, "open.csv", ["date,price", ...open.slice(1)].join("\n"));
    await page.getByText("open.csv", { exact: true }).waitFor();
    await button(page, "Train anew").click();
    await page.getByText("Say under “Dates in the file”").waitFor();
    await page.getByLabel("Dates in the file").selectOption("dmy");
    await button(page, "Train anew").click();
    await page.getByText("7 values were missing").waitFor();
    await until(page, "complete");
    expect(page.url()).toContain("dates=dmy");
    // Text that is dragged, as into a review, is not the page's.
    const isTaken = await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("text/plain", "good");
      const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
      return !document.body.dispatchEvent(event);
    });
    expect(isTaken).toBe(false);

    await drop(page, "broken.csv", "a,b\n1,2\n3,4,5\n");
    await page.locator("[role=alert]").waitFor();
    await expect(textOf(page.locator("[role=alert]"))).resolves.toContain(
      "expected 2 cells in row 3",
    );
    await drop(page, "song.mp3", "la");
    await page.getByText("song.mp3: that is none of the files").waitFor();
    await drop(page, "words.csv", "a,b\nx,y\nz,w\n");
    await page.getByText("no column of numbers").waitFor();
    // What was wrong before is not said of what is right.
    await drop(
      page,
      "fine.csv",
      `t,price\n${Array.from({ length: 60 }, (_, i) => `${i / 100},${1e9 + (i % 7) * 1e6}`).join("\n")}`,
    );
    await page.getByText("fine.csv").waitFor();
    await expect(page.locator("[role=alert]").count()).resolves.toBe(0);
    await button(page, "Train anew").click();
    await until(page, "complete");
    // Long numbers have room beside the axis.
    const ticks = page
      .locator('.plot [class*="plot"] text, .plot svg text')
      .filter({ hasText: /^[\d,]{11,}$/ });
    await ticks.first().waitFor();
    const cut = await ticks.evaluateAll(
      (texts) =>
        texts.filter(
          (text) =>
            text.getBoundingClientRect().left <
            text.closest("svg")!.getBoundingClientRect().left - 1,
        ).length,
    );
    expect(cut).toBe(0);
    // Places below 1 keep their fractions.
    const places = await page
      .locator(".plot svg")
      .first()
      .locator("text")
      .filter({ hasText: /^0\.\d$/ })
      .allTextContents();
    expect(new Set(places).size).toBeGreaterThan(2);
  });

  test("what fails leaves the model that there is, and its training", async () => {
    const page = await visit("?task=sine&epochs=1&units=4&backend=cpu");
    await trained(page);
    const wanted = await errors(page);
    await drop(page, "broken.keras", "no model");
    await page.getByText("expected a .keras or HDF5 file").waitFor();
    await set(page, "Window", "900");
    await button(page, "Train anew").click();
    await page.getByText("with a window of 900 it takes at least 1,127").waitFor();
    expect(await errors(page)).toEqual(wanted);
    await expect(button(page, "Save as .keras").isEnabled()).resolves.toBe(true);

    await page.goBack();
    await set(page, "Epochs", "500");
    await set(page, "Units", "32");
    await button(page, "Train anew").click();
    await until(page, "training");
    await page.goBack();
    await drop(page, "broken.csv", "");
    await page.getByText("broken.csv has no table").waitFor();
    // The epochs are the training's, not those that the address says by now.
    await expect(textOf(status(page))).resolves.toContain("of 500,");
    await button(page, "Stop").click();
    await until(page, "stopped");
  });

  test("a model's file opens again as it was saved, with its settings, and learns further, of its own sizes", async () => {
    const page = await visit("?task=sine&cell=gru&units=5&window=9&epochs=2&seed=3");
    await trained(page);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      button(page, "Save as .keras").click(),
    ]);
    expect(download.suggestedFilename()).toBe("sine-gru.keras");
    const path = join(files, "sine-gru.keras");
    await download.saveAs(path);
    const wanted = await errors(page);

    const other = await visit("?task=reviews");
    await other.getByLabel("Open a model").setInputFiles(path);
    await until(other, "opened");
    expect(await errors(other)).toEqual(wanted);
    expect(new URL(other.url()).search).toContain("task=sine");
    await expect(other.getByLabel("Cell").inputValue()).resolves.toBe("gru");
    await expect(other.getByLabel("Window").inputValue()).resolves.toBe("9");
    await other.locator(".legend .of-ahead").waitFor();

    await set(other, "Units", "7");
    await other.getByText("keeps the model's own layers, GRU 5 → Dense 1,").waitFor();
    await button(other, "Train further").click();
    await expect(other.locator("button:focus").textContent()).resolves.not.toBe("Train further");
    await until(other, "complete");
    expect(await errors(other)).not.toEqual(wanted);
    await expect(textOf(other.locator(".layers"))).resolves.toContain("GRU 5 → Dense 1");
    await other.getByLabel("Task").selectOption("reviews");
    await other.getByText(english["run.unfit.series"]).waitFor();
    await expect(button(other, "Train further").isDisabled()).resolves.toBe(true);
    await other.getByLabel("Language").selectOption("zh");
    await other.getByText(chinese["run.unfit.series"]).waitFor();
  });

  test("settings are in the address: shared, gone back to, and put right aloud", async () => {
    const page = await visit("?task=sunspots&cell=gru&units=7&epochs=-3&backend=abacus&epoch=9");
    await page.getByText("did you mean epochs?").waitFor();
    await expect(page.getByLabel("Units").inputValue()).resolves.toBe("7");
    await expect(page.getByLabel("Epochs").inputValue()).resolves.toBe("40");
    await expect(page.locator(".settings .notice li").allInnerTexts()).resolves.toEqual([
      "The address says backend=abacus, which cannot be. auto is taken.",
      "The address says epochs=-3, which cannot be. 40 is taken.",
      "The address says epoch=9, and there is no setting epoch; did you mean epochs?",
    ]);
    await page.getByLabel("Cell").selectOption("simple_rnn");
    await page.getByLabel("Units").fill("9");
    await page.getByLabel("Units").press("Enter");
    await page.getByLabel("Batch").click();
    expect(new URL(page.url()).search).toBe("?task=sunspots&cell=simple_rnn&units=9");
    await page.goBack();
    await page.goBack();
    await expect(page.getByLabel("Cell").inputValue()).resolves.toBe("gru");
    await expect(page.getByLabel("Units").inputValue()).resolves.toBe("7");
    // Each arrow is a change, and the keyboard's place stays.
    await page.getByLabel("Units").focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await expect(page.getByLabel("Units").inputValue()).resolves.toBe("9");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.getByLabel("Units").fill("0");
    await page.getByLabel("Units").press("Tab");
    await expect(textOf(page.locator(".bad"))).resolves.toContain("From 1 to 512.");
    expect(page.url()).toContain("units=7");
  });

  test("the backend is chosen with its reasons, or required and refused with them", async () => {
    const page = await visit("?task=sine&backend=cpu&epochs=1&units=4&window=5");
    await page.getByText("Why this backend?").click();
    await page.locator(".reasons .taken").waitFor();
    await expect(textOf(page.locator(".reasons .taken dt"))).resolves.toBe("cpu taken");
    await trained(page);
    await page.getByLabel("Backend").selectOption("webgpu");
    await page.locator("[role=alert]").waitFor();
    await expect(textOf(page.locator("[role=alert]"))).resolves.toMatch(
      /cannot be had: (no GPU adapter|WebGPU missing)/,
    );
  });

  test("on WebGPU it trains to WASM's errors; its model goes along to another backend, and outlives its device", async () => {
    const browser = await startChromium(["--enable-unsafe-webgpu"]);
    try {
      const query = "?task=sine&cell=simple_rnn&epochs=1&units=3&window=3&batch=128&ahead=2";
      const wasm = await visit(`${query}&backend=wasm`, { browser });
      await trained(wasm);
      const page = await visit(`${query}&backend=webgpu-any`, { browser });
      await trained(page);
      expect(await errors(page)).toEqual(await errors(wasm));
      await page
        .locator(".reasons summary")
        .filter({ hasText: /^webgpu, / })
        .waitFor();

      const ahead = page.locator(".ahead tbody tr");
      const forecast = async (count: number) => {
        await page.locator(".ahead input").fill(String(count));
        await page.locator(".ahead input").press("Tab");
        await button(page, "Forecast ahead").click();
        await page.waitForFunction(
          (count) => document.querySelectorAll(".ahead tbody tr").length === count,
          count,
        );
        return ahead.allTextContents();
      };
      await ahead.first().waitFor({ state: "attached" });
      const said = await forecast(3);
      const session = await browser.newBrowserCDPSession();
      await session.send("Browser.crashGpuProcess").catch(() => undefined);
      expect(await forecast(4)).toEqual(expect.arrayContaining(said));

      // The device in software is refused where a GPU is asked for, and stays what computes.
      await page.getByLabel("Backend").selectOption("webgpu");
      await page.getByText("The browser finds no GPU: ").first().waitFor();
      await page.getByLabel("Backend").selectOption("wasm");
      await page
        .locator(".reasons summary")
        .filter({ hasText: /^wasm, / })
        .waitFor();
      expect(await forecast(5)).toEqual(expect.arrayContaining(said));
      await button(page, "Train further").click();
      await until(page, "complete");
      await expect(page.locator("[role=alert]").count()).resolves.toBe(0);
    } finally {
      await browser.close();
    }
  });

  test("in a page that is isolated it trains too", async () => {
    const page = await visit("?task=sine&epochs=2&cell=bidirectional_lstm", { isIsolated: true });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await trained(page);
    await page.locator(".legend .of-ahead").waitFor();
  });

  test("a typed review is read word by word, words that are none of the vocabulary's marked", async () => {
    const page = await visit("?task=reviews&reviews=400&epochs=2&units=8&window=60");
    await trained(page);
    await page.locator(".words span").first().waitFor();
    const review = page.getByLabel("A review", { exact: true });
    await review.fill("the plot was brilliant zzyzx");
    await page.locator(".words .unknown").waitFor();
    await expect(
      page
        .locator(".words span")
        .allInnerTexts()
        .then((words) => words.map((word) => word.trim())),
    ).resolves.toEqual(["the", "plot", "was", "brilliant", "zzyzx"]);
    await expect(textOf(page.locator(".words .unknown"))).resolves.toMatch(/^zzyzx/);
    const position = page.getByLabel("Read up to word");
    const verdict = page.locator(".verdict.big");
    const last = await textOf(verdict);
    await position.focus();
    await page.keyboard.press("Home");
    await expect(position.getAttribute("aria-valuetext")).resolves.toMatch(
      /^before the first word: [\d.]+ % positive$/,
    );
    await page.keyboard.press("ArrowRight");
    await expect(position.getAttribute("aria-valuetext")).resolves.toMatch(/^the: /);
    expect(await textOf(verdict)).not.toBe(last);
    const canvas = page.locator("canvas");
    await expect(canvas.getAttribute("width")).resolves.toBe("6");
    await expect(canvas.getAttribute("height")).resolves.toBe("8");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      button(page, "Save as .keras").click(),
    ]);
    const path = join(files, "reviews.keras");
    await download.saveAs(path);
    await position.focus();
    await page.keyboard.press("End");
    const wanted = await textOf(verdict);
    const other = await visit("");
    await other.getByLabel("Open a model").setInputFiles(path);
    await until(other, "opened");
    await other.getByLabel("A review", { exact: true }).fill("the plot was brilliant zzyzx");
    await other.locator(".words .unknown").waitFor();
    expect(await textOf(other.locator(".verdict.big"))).toBe(wanted);
    // The same reviews, which the file's settings draw again.
    await button(other, "Train further").click();
    await until(other, "complete");
    await expect(textOf(other.locator(".layers"))).resolves.toContain("GRU 8");
  });

  test("the page speaks Chinese, at once and when it comes again", async () => {
    const page = await visit("?task=sine");
    await page.getByLabel("Language").selectOption("zh");
    await expect(page.locator("html").getAttribute("lang")).resolves.toBe("zh-CN");
    await button(page, chinese["run.train"]).waitFor();
    await page.reload();
    await button(page, chinese["run.train"]).waitFor();
    expect(await textOf(page.locator("body"))).not.toContain(english["settings.units"]);
  });

  test("once loaded, from a server without headers, it comes and trains without a network, isolated", async () => {
    const page = await visit("?task=sine&epochs=1", { serviceWorkers: "allow" });
    // It is loaded a second time by itself, through the service worker.
    await page.waitForFunction(() => crossOriginIsolated);
    await page.getByText(english["offline.ready"]).waitFor();
    await page.context().setOffline(true);
    const failed: string[] = [];
    page.on("requestfailed", (request) => failed.push(request.url()));
    await page.reload();
    await trained(page);
    await page.getByRole("link", { name: english["app.unrolled"] }).click();
    await page.locator(".unrolled-chart-box svg").waitFor();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(failed).toEqual([]);
  });

  test("a dropped imdb.npz trains, and is read by the words of a dropped index", async () => {
    const page = await visit("?task=reviews&units=4&window=20");
    await drop(page, "imdb.npz", tinyImdb().bytes);
    await page.getByText("imdb.npz", { exact: true }).last().waitFor();
    expect(page.url()).toContain("task=imdb");
    for (const [label, value] of Object.entries({ Epochs: "1", Units: "4", Words: "20" }))
      await set(page, label, value);
    await trained(page);
    await page.getByText("is not Keras's own imdb.npz").waitFor();
    await drop(page, "imdb_word_index.json", JSON.stringify({ the: 1, film: 5 }));
    await page.getByLabel("A review", { exact: true }).fill("the great film");
    await page.locator(".words .unknown").waitFor();
    await expect(textOf(page.locator(".words .unknown"))).resolves.toMatch(/^great/);
  });

  test("axe finds nothing serious in any state, light and dark and on a phone, where nothing is too wide", async () => {
    const page = await visit("?task=sunspots&epochs=2&units=-1&bands=dropout");
    const check = async () => {
      await page.setViewportSize({ width: 1280, height: 900 });
      expect(await serious(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await serious(page, ["color-contrast"])).toEqual([]);
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await overhang(page)).toBe(0);
      expect(
        await serious(page, ["scrollable-region-focusable", "label", "aria-allowed-attr"]),
      ).toEqual([]);
    };
    await button(page, "Train").waitFor();
    await check();
    await trained(page);
    await page.locator(".legend .of-ahead").waitFor();
    await page.locator(".reasons summary").click();
    await page.getByText("The values that are forecast").click();
    await check();
    await page.getByLabel("Task").selectOption("reviews");
    await set(page, "Reviews", "100");
    await set(page, "Epochs", "1");
    await button(page, "Train anew").click();
    await page.locator(".words span").first().waitFor();
    await check();
    await page.getByRole("link", { name: "The network, unrolled" }).click();
    await page.locator(".unrolled").waitFor();
    await check();
  });
});
