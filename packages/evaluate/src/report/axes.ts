// Steps of axes and coordinates of plots.

/** The step of an axis from 0 to `highest` with about `nTicks` of them: 1, 2 or 5 times a power of ten. */
export function niceStep(highest: number, nTicks: number): number {
  const raw = (highest || 1) / nTicks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const multiple = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9))!;
  return multiple * power;
}

/** A coordinate with one decimal place. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
