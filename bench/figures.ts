/** Of what was waited for, in milliseconds: "median 670 ms, p95 …, 300 orders". */
export function figures(waits: readonly number[]): string {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]} ms`;
  return `median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, slowest ${at(1)}, ${sorted.length} orders`;
}
