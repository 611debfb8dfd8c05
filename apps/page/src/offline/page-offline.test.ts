import { afterAll, beforeAll, expect, test } from "vitest";
import { lacksChromium, type ServedPage, servePage } from "../served-page.fixture.ts";

let served: ServedPage;

beforeAll(async () => {
  if (!lacksChromium) served = await servePage();
}, 60_000);
afterAll(() => served?.close());

test.skipIf(lacksChromium)(
  "the whole page, once loaded from a server without headers, comes and trains without a network",
  { timeout: 60_000 },
  async () => {
    const context = await served.browser.newContext({ locale: "en" });
    const page = await context.newPage();
    await page.goto(`${served.address()}?task=sine&epochs=1`);
    // Loaded a second time by itself, and isolated then.
    await page.waitForFunction(() => crossOriginIsolated, undefined, { timeout: 20_000 });
    await page.getByText("Works offline from now on.").waitFor();
    await context.setOffline(true);
    const failed: string[] = [];
    page.on("requestfailed", (request) => failed.push(request.url()));
    await page.reload();
    await page.getByRole("button", { name: "Train" }).click();
    await page
      .getByText(/^Trained in/)
      .first()
      .waitFor();
    await page.getByRole("link", { name: "The network, unrolled" }).click();
    await page.locator(".unrolled-chart-box svg").waitFor();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(failed).toEqual([]);
    await context.close();
  },
);
