/** `digits` significant digits without exponent for everyday sizes: `0.0123`, `21.4`, `1240`. */
export function formatNumber(x: number | null | undefined, digits = 4): string {
  if (x === null || x === undefined) return "–";
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return x.toExponential(Math.max(0, digits - 1));
  const before = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1;
  const leadingZeros = size !== 0 && size < 1 ? -Math.floor(Math.log10(size)) - 1 : 0;
  return x.toFixed(Math.max(0, digits - before + leadingZeros));
}

/** A share in percent with one decimal: `0.8125` is `81.3 %`. */
export function formatPercent(share: number | null | undefined): string {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** `0.84 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** A time still to come, in whole seconds: `12 s`, `4 min 05 s`. */
export function formatEta(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 100 ? `${whole} s` : formatSeconds(whole);
}

/** `25000` is `25,000`. */
export function formatCount(n: number): string {
  return n.toLocaleString("en-US");
}
