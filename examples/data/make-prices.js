// Writes prices.csv: three years of closing prices whose daily changes carry on, in part, the day after. Real ones
// hardly do, or everybody would be rich.
import { writeFileSync } from "node:fs";
import { seededRandom } from "@rnnkit/core-rnn";

const random = seededRandom(7);
const lines = ["date,close"];
const day = new Date("2022-01-03T00:00:00Z");
let price = 100;
for (let change = 0; lines.length <= 750; day.setUTCDate(day.getUTCDate() + 1)) {
  if (day.getUTCDay() === 0 || day.getUTCDay() === 6) continue;
  change = 0.7 * change + 0.008 * random.normal();
  price *= Math.exp(change);
  lines.push(`${day.toISOString().slice(0, 10)},${price.toFixed(2)}`);
}
writeFileSync(new URL("prices.csv", import.meta.url), `${lines.join("\n")}\n`);
