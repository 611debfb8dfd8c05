import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import {
  sampleClassic,
  sampleForecast,
  sampleFullForecast,
  sampleResults,
  sampleSentiment,
} from "../sample-results.ts";
import { escapeHtml } from "./html.ts";
import { renderReport } from "./report.ts";

function documentOf(html: string): Document {
  return parseHTML(html).document as unknown as Document;
}

test("the report is a pure function of the JSON", () => {
  const results = sampleResults();
  const before = JSON.stringify(results);
  const html = renderReport(results, "all.json");
  expect(JSON.stringify(results)).toBe(before);
  expect(renderReport(JSON.parse(before), "all.json")).toBe(html);
});

test("nothing is loaded and nothing runs: no script, no address, and a policy that forbids both", () => {
  const html = renderReport(sampleResults(), "all.json");
  // The only addresses are names of SVG's own vocabulary, which nothing fetches.
  expect(html.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:|\/\/[a-z]|url\(|@import/i);
  const document = documentOf(html);
  expect(document.querySelectorAll("script, link, img, iframe, object, embed, use").length).toBe(0);
  // The one link leads to the results beside the report.
  const links = [...document.querySelectorAll("a")];
  expect(links.map((link) => [...link.attributes].map(({ name, value }) => [name, value]))).toEqual(
    [[["href", "all.json"]]],
  );
  links[0]?.removeAttribute("href");
  for (const element of document.querySelectorAll("*"))
    for (const { name } of element.attributes)
      expect(name).not.toMatch(/^(on.*|src|srcset|href|xlink:href|action|data)$/);
  const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]');
  expect(policy?.getAttribute("content")).toBe("default-src 'none'; style-src 'unsafe-inline'");
});

test("hostile text out of a CSV file stays text everywhere", () => {
  const hostile = `</text></svg></title><script>alert('x')</script><img src=x onerror="y">&amp;`;
  const results = sampleResults();
  results.command = hostile;
  results.status = "failed";
  results.error = hostile;
  results.environment.cpu = hostile;
  results.environment.backend.candidates[0]!.reason = hostile;
  results.environment.packages[hostile] = hostile;
  const forecast = { ...sampleForecast(), options: { [hostile]: hostile } };
  forecast.data = {
    ...forecast.data,
    title: hostile,
    source: hostile,
    valueLabel: hostile,
    axis: { label: hostile, kind: "number" },
  };
  forecast.model.layers = [hostile];
  const sentiment = sampleSentiment(hostile);
  sentiment.data.title = hostile;
  results.runs = [forecast, sentiment];
  const html = renderReport(results, "all.json");
  expect(html).not.toMatch(/<script|<img/i);
  const document = documentOf(html);
  expect(document.querySelectorAll("script, img, [onerror]").length).toBe(0);
  expect(document.querySelector("h3")?.textContent).toBe(hostile);
  expect(document.querySelectorAll(".wide svg").length).toBe(7);
});

test("the tables say what was measured, the better error in bold", () => {
  const document = documentOf(renderReport(sampleResults(), "all.json"));
  const cells = (row: Element | undefined) =>
    [...(row?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent);
  const tables = [...document.querySelectorAll("table")];
  expect(cells(tables[0]?.querySelector("tbody tr") ?? undefined)).toEqual([
    "Sunspots, yearly",
    "buildStockForecaster",
    "10,451",
    "2.000",
    "3.000",
    "4.000",
    "5.000",
    "1.50 s",
  ]);
  expect(tables[0]?.querySelector("td.better")?.textContent).toBe("3.000");
  const text = document.body.textContent ?? "";
  for (const fact of ["Synthetic reviews", "81.3 %", "A processor", "not installed", "4.22.0"])
    expect(text).toContain(fact);
});

test("a forecast worse than the last value is not the bold one", () => {
  const results = sampleResults();
  results.runs = [{ ...sampleForecast(), rmse: { train: 2, test: 6 }, horizon: null }];
  const bold = documentOf(renderReport(results, "all.json")).querySelectorAll("td.better");
  expect([...bold].map((cell) => cell.textContent)).toEqual(["5.000"]);
});

test("every step, fold and band has its line, the least error of each bold, and no more is claimed than was measured", () => {
  const results = sampleResults();
  results.runs = [sampleFullForecast()];
  const document = documentOf(renderReport(results, "all.json"));
  const [, steps, folds, together, ahead] = [...document.querySelectorAll("table")].map((table) =>
    [...table.querySelectorAll("tr")].map((row) =>
      [...row.children].map((each) =>
        each.className.includes("better") ? `*${each.textContent}` : each.textContent,
      ),
    ),
  );
  expect(steps?.[0]).toEqual([
    "steps ahead",
    "forecast",
    "MAE",
    "RMSE",
    "MASE",
    "in band",
    "width",
  ]);
  expect(steps?.slice(1, 4)).toEqual([
    ["1 (3 values)", "model", "*2.600", "*3.000", "*0.3714", "66.7 %", "16.00"],
    ["1 (3 values)", "last value", "18.70", "20.60", "2.671", "", ""],
    ["1 (3 values)", "seasonal", "12.00", "14.00", "1.710", "", ""],
  ]);
  expect(steps?.map(([name]) => name)).toContain("2 (2 values)");
  expect(steps?.at(-3)?.slice(0, 3)).toEqual(["all (5 values)", "model", "*3.600"]);
  expect(folds?.slice(1)).toEqual([
    [
      "1",
      "6 points",
      "1706",
      "1706",
      "*4.000",
      "20.60",
      "14.00",
      "2",
      "0.5143",
      "66.7 %",
      "0.40 s",
    ],
    [
      "2",
      "7 points",
      "1707",
      "1707",
      "*5.000",
      "20.60",
      "14.00",
      "2",
      "0.6571",
      "66.7 %",
      "0.40 s",
    ],
  ]);
  expect(together?.[1]?.slice(0, 3)).toEqual(["1 (2 values)", "model", "*4.100"]);
  expect(ahead?.at(-1)).toEqual(["1710", "15.0000", "5.00000", "29.0000"]);
  const text = document.body.textContent ?? "";
  for (const fact of [
    "season: 2 points (where the training part's autocorrelation peaks",
    "its 10.0 % and 90.0 % quantiles",
    "they should hold 80.0 % of the values",
    "with the past of solar flux, cosmic rays",
  ])
    expect(text).toContain(fact);
  const cut = sampleFullForecast();
  cut.walkForward = { folds: cut.walkForward!.folds.slice(0, 1), together: null };
  cut.horizon = null;
  results.runs = [cut];
  expect(renderReport(results, "all.json")).toContain("Not all folds have ended.");
});

test("each picture is there with what it finds, drawn for a page and for a phone", () => {
  const document = documentOf(renderReport(sampleResults(), "all.json"));
  const labels = (size: string) =>
    [...document.querySelectorAll(`.${size} svg`)].map((svg) => svg.getAttribute("aria-label"));
  expect(labels("wide")).toEqual([
    "Sunspots, yearly: actual and predicted values, training and test part; root mean squared error 3.000 on the test part, 5.000 of the last value",
    "Sunspots, yearly: residuals, actual less predicted; the largest 8.000 at 1705, root mean squared error 2.000 in training, 3.000 in the test part",
    "Sunspots, yearly: test part, actual, predicted and last value; root mean squared error 3.000, 5.000 of the last value",
    "Sunspots, yearly: training loss per epoch; 0.7000 after the first epoch, 0.2333 after the last",
    "lstm, gru: training and validation accuracy per epoch; validation at the end: lstm 75.0 %, gru 75.0 %",
    "lstm, gru: training and validation loss per epoch; validation at the end: lstm 0.2667, gru 0.2667",
    ...["lstm", "gru"].map(
      (cell) =>
        `${cell}: what reviews are and what they were taken for; 9 of 49 positive reviews were taken for negative, 10 of 51 negative reviews were taken for positive`,
    ),
  ]);
  expect(labels("narrow")).toEqual(labels("wide"));
});

test("the legend names each cell in its colour, training solid and validation dashed", () => {
  const figures = [
    ...documentOf(renderReport(sampleResults(), "all.json")).querySelectorAll("figure"),
  ];
  const keys = [...(figures.at(-2)?.querySelectorAll(".key") ?? [])];
  expect(keys.map((key) => [key.textContent, key.className])).toEqual([
    ["lstm", "key cell-1"],
    ["gru", "key cell-2"],
    ["training", "key solid"],
    ["validation", "key dashed"],
  ]);
});

test("the most wrong reviews stand with their label, their probability and what was read of them", () => {
  const document = documentOf(renderReport(sampleResults(), "all.json"));
  const wrong = [...document.querySelectorAll("ol li")].map(({ textContent }) => textContent);
  expect(wrong.slice(0, 2)).toEqual([
    "negative, held positive at 98.3 %: a masterpiece they said",
    "positive, held positive at 8.0 %: test review 4, without a word index",
  ]);
});

test("each listing of the tutorial has its own section, before what is none of them", () => {
  const results = sampleResults();
  const listed = { ...sampleForecast(), listing: "III short" as const };
  const cells = ["lstm", "gru"].map((cell) => ({
    ...sampleSentiment(cell),
    listing: "IV full" as const,
  }));
  results.runs = [...results.runs, ...cells, listed, sampleClassic()];
  const document = documentOf(renderReport(results, "all.json"));
  expect([...document.querySelectorAll("h2")].map((heading) => heading.textContent)).toEqual([
    "Part I: an RNN by hand",
    "Part III, short listing: stock prices",
    "Part IV, full listing: four cells",
    "Forecasting",
    "Sentiment: one classifier, each cell",
    "Environment",
  ]);
  const [classic, short] = [...document.querySelectorAll("section")].map(
    (section) => section.textContent,
  );
  expect(classic).toContain("(5, 4, 1)");
  expect(short).toContain("Random numbers cannot be forecast.");
  // RMSE and, beside it, the series' own deviation: train, then test.
  expect(short).toMatch(/buildStockForecaster\s*2\.000\s*3\.000/);
  expect(short).toMatch(/the series' own deviation\s*8\.200\s*16\.20/);
});

test("an interrupted run says so, shows its cut epoch, and leaves out what it never measured", () => {
  const results = sampleResults();
  results.status = "interrupted";
  const cut = sampleSentiment("lstm");
  cut.status = "interrupted";
  cut.test = null;
  Object.assign(cut.epochs[2]!, { steps: 2, validationLoss: null, validationAccuracy: null });
  const unfinished = sampleForecast();
  Object.assign(unfinished, { status: "interrupted", rmse: null });
  unfinished.train.predicted = null;
  unfinished.test.predicted = null;
  const classic = { ...sampleClassic(), status: "interrupted" as const };
  classic.loss = { before: 0.9, after: null, unseen: null };
  const listed = { ...unfinished, listing: "III full" as const };
  const untrained = { ...sampleSentiment("gru"), epochs: [], test: null };
  results.runs = [classic, listed, unfinished, cut, untrained];
  const document = documentOf(renderReport(results, "all.json"));
  expect(document.querySelector(".warning")?.textContent).toMatch(/^Interrupted/);
  const text = document.body.textContent ?? "";
  expect(text).toContain("lstm (interrupted)");
  expect(text).toContain("Part III, full listing: time series prediction (interrupted)");
  expect(text).toContain("3 (step 2 of 5)");
  expect(text).not.toContain("predicted, test part");
  expect(text).not.toMatch(/NaN|undefined|null/);
});

test("escapeHtml leaves no character that HTML reads as its own", () => {
  expect(escapeHtml(`<a b='c' d="e">&`)).toBe("&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
});
