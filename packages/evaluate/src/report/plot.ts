// Bars and areas as SVG, with axes, a title and a description in words. Colours come from the page's style.

import { niceStep, px } from './axes.js';
import { text } from './html.js';

/** Options of both kinds of plot. */
export interface PlotOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** Description of the plot for screen readers. */
  readonly description: string;
  /** Values from 0 up. */
  readonly values: readonly number[];
  /** Words under the axis, by index of the value. */
  readonly xLabels: ReadonlyMap<number, string>;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Largest value of the axis; default that of the values. Plots side by side share it. */
  readonly yMax?: number;
  readonly width?: number;
  readonly height?: number;
}

const MARGIN = { top: 28, right: 12, bottom: 40, left: 58 };
const N_TICKS = 4;

/** One bar per value. */
export function barPlot(options: PlotOptions): string {
  return plot(options, ({ x, y, step, bottom }) =>
    options.values
      .map((value, i) => {
        const top = y(value);
        const label = `${options.xLabels.get(i) ?? i}: ${shortNumber(value)}`;
        const [left, width] = [x(i) + step * 0.1, step * 0.8];
        return `<rect class="mark" x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(bottom - top)}"><title>${text(label)}</title></rect>`;
      })
      .join(''),
  );
}

/** A line through the values, filled down to the axis. */
export function areaPlot(options: PlotOptions): string {
  return plot(options, ({ x, y, step, bottom }) => {
    const points = options.values.map((value, i) => `${px(x(i) + step / 2)},${px(y(value))}`);
    const [first, last] = [x(0) + step / 2, x(options.values.length - 1) + step / 2];
    return `<polygon class="area" points="${px(first)},${px(bottom)} ${points.join(' ')} ${px(last)},${px(bottom)}"/><polyline class="line" points="${points.join(' ')}"/>`;
  });
}

interface Frame {
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
  /** Width that a value has. */
  readonly step: number;
  readonly bottom: number;
}

function plot(options: PlotOptions, marks: (frame: Frame) => string): string {
  const { id, title, description, values, xLabels, xTitle, yTitle, width = 720, height = 220 } = options;
  const highest = options.yMax ?? Math.max(0, ...values);
  const tick = niceStep(highest, N_TICKS);
  const yMax = tick * Math.max(1, Math.ceil(highest / tick));
  const bottom = height - MARGIN.bottom;
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, values.length);
  const x = (index: number): number => MARGIN.left + index * step;
  const y = (value: number): number => bottom - (value / yMax) * (bottom - MARGIN.top);
  const ticks = Array.from({ length: Math.round(yMax / tick) + 1 }, (_, i) => i * tick);
  const right = width - MARGIN.right;
  const middle = (MARGIN.left + right) / 2;
  return `<svg role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title id="${id}-t">${text(title)}</title><desc id="${id}-d">${text(description)}</desc>
<text class="title" x="${MARGIN.left}" y="15">${text(title)}</text>
${ticks.map((value) => `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${px(y(value))}" y2="${px(y(value))}"/><text x="${MARGIN.left - 6}" y="${px(y(value) + 4)}" text-anchor="end">${shortNumber(value)}</text>`).join('\n')}
${marks({ x, y, step, bottom })}
${[...xLabels].map(([index, label]) => `<text x="${px(x(index) + step / 2)}" y="${bottom + 15}" text-anchor="middle">${text(label)}</text>`).join('')}
<text x="${px(middle)}" y="${height - 6}" text-anchor="middle">${text(xTitle)}</text>
<text transform="translate(12 ${px((MARGIN.top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${text(yTitle)}</text>
</svg>`;
}

/** Three significant digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
