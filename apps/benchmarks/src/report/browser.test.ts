// What a reader sees of a report, measured in a real Chromium.

import { existsSync } from "node:fs";
import { env } from "node:process";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleFullForecast, sampleResults } from "../sample-results.ts";
import { renderReport } from "./report.ts";

const executablePath = env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";
const isThere = executablePath !== "" && existsSync(executablePath);

const NAME =
  "a column of prices, adjusted for dividends and splits, in the currency of the exchange";

function longReport(): string {
  const results = sampleResults();
  const run = sampleFullForecast();
  run.data = {
    ...run.data,
    title: NAME,
    valueLabel: NAME,
    axis: { ...run.data.axis, label: NAME },
  };
  results.runs.push(run);
  return renderReport(results, "all.json");
}

describe.skipIf(!isThere)(
  `in Chromium${isThere ? "" : " (skipped: none at RNNKIT_CHROMIUM)"}`,
  () => {
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
      page = await browser.newPage();
      await page.setContent(longReport());
    });
    afterAll(() => browser?.close());

    /** The pixels that letters of charts have, of those that are shown; and which charts are. */
    const chartsNow = () =>
      page.evaluate(() => {
        const shown = [...document.querySelectorAll<SVGSVGElement>("figure svg")].filter(
          (svg) => svg.getBoundingClientRect().width > 0,
        );
        const letters = shown.map((svg) => {
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          const sizes = [...svg.querySelectorAll("text")].map(
            (text) => Number.parseFloat(getComputedStyle(text).fontSize) * scale,
          );
          return Math.min(...sizes);
        });
        return {
          count: shown.length,
          smallest: Math.min(...letters),
          all: document.querySelectorAll("figure svg").length,
        };
      });

    const overflow = () =>
      page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        const beyond = (element: Element) =>
          element.getBoundingClientRect().width > 0 &&
          element.getBoundingClientRect().right > width + 0.5;
        return {
          page: document.documentElement.scrollWidth - width,
          charts: [
            ...document.querySelectorAll("figure svg, figure svg text, figcaption, .key"),
          ].filter(beyond).length,
        };
      });

    test.each([320, 390, 600, 768, 900, 1280])(
      "at %i pixels each chart is there once, its letters are 10 pixels or more, and the page does not scroll sideways",
      async (width) => {
        await page.setViewportSize({ width, height: 900 });
        const { count, all, smallest } = await chartsNow();
        expect(count).toBe(all / 2);
        expect(smallest).toBeGreaterThanOrEqual(10);
        expect(await overflow()).toEqual({ page: 0, charts: 0 });
      },
    );

    test("a table wider than a phone scrolls in its frame, by keys too, under a shaded edge", async () => {
      await page.setViewportSize({ width: 390, height: 900 });
      const frames = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>(".scroll")].map((frame) => {
          const { scrollWidth, clientWidth } = frame;
          const right = frame.getBoundingClientRect().right;
          frame.scrollLeft = scrollWidth;
          const last = frame.querySelector("thead th:last-child")!.getBoundingClientRect().right;
          frame.scrollLeft = 0;
          const { backgroundAttachment } = getComputedStyle(frame);
          return {
            isWide: scrollWidth > clientWidth,
            reaches: last <= right + 0.5,
            tab: frame.tabIndex,
            backgroundAttachment,
          };
        }),
      );
      expect(frames.some(({ isWide }) => isWide)).toBe(true);
      for (const { reaches, tab, backgroundAttachment } of frames) {
        expect([reaches, tab]).toEqual([true, 0]);
        expect(backgroundAttachment).toBe("local, local, scroll, scroll");
      }
    });

    test("on paper charts and tables lie within the page, in the colours of a light one", async () => {
      // A4 less margins of 12 mm.
      await page.setViewportSize({ width: 703, height: 1000 });
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      expect(await overflow()).toEqual({ page: 0, charts: 0 });
      const seen = await page.evaluate(() => ({
        paper: getComputedStyle(document.documentElement).getPropertyValue("--paper"),
        wide: [...document.querySelectorAll(".narrow")].every((part) => part.clientWidth === 0),
        tables: [...document.querySelectorAll("table")].filter(
          (table) =>
            table.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5,
        ).length,
      }));
      expect(seen).toEqual({ paper: "#fdfdfc", wide: true, tables: 0 });
      await page.emulateMedia({ media: "screen", colorScheme: "light" });
    });

    test.each(["light", "dark"] as const)(
      "lines stand out from a %s card, 3 to 1 and more",
      async (colorScheme) => {
        await page.emulateMedia({ media: "screen", colorScheme });
        const colors = await page.evaluate(() => {
          const style = getComputedStyle(document.documentElement);
          const names = [
            ...document.querySelector("style")!.textContent!.matchAll(/--(ink-[a-z0-9-]+):/g),
          ];
          return Object.fromEntries(
            ["card", ...names.map(([, name]) => name as string)].map((name) => [
              name,
              style.getPropertyValue(`--${name}`),
            ]),
          );
        });
        const { card, ...inks } = colors;
        expect(Object.keys(inks).length).toBeGreaterThanOrEqual(9);
        for (const [name, color] of Object.entries(inks)) {
          expect(contrast(color, card as string), name).toBeGreaterThanOrEqual(3);
        }
      },
    );
  },
);

/** The ratio of two colours' luminances, as WCAG 2 has it. */
function contrast(one: string, other: string): number {
  const [low, high] = [one, other].map(luminance).sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.trim().slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
