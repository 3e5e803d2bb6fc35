// Points on two axes as SVG, the upper one logarithmic, with a line through those that no other beats.

import { niceStep, px } from './axes.js';
import { text } from './html.js';
import { shortNumber } from './plot.js';

/** A named point. */
export interface ScatterPoint {
  readonly name: string;
  readonly x: number;
  /** 0 is drawn on the axis below. */
  readonly y: number;
  readonly isOnFront: boolean;
}

/** Options of {@link scatterPlot}. */
export interface ScatterPlotOptions {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  /** Description of the plot for screen readers. */
  readonly description: string;
  readonly points: readonly ScatterPoint[];
  readonly xTitle: string;
  readonly yTitle: string;
}

const WIDTH = 720;
const HEIGHT = 340;
const MARGIN = { top: 32, right: 16, bottom: 44, left: 72 };
/** Space between the lowest decade and the axis, where points of 0 are. */
const ZERO_BAND = 24;
const RADIUS = 5;
const LINE_HEIGHT = 13;
/** Width of a character of a label, about. */
const CHARACTER = 6.3;
const N_TICKS = 5;
const MAX_LABEL = 36;

/** @param options at least one point; x and y finite, not negative */
export function scatterPlot({ id, title, description, points, xTitle, yTitle }: ScatterPlotOptions): string {
  const [left, right, bottom] = [MARGIN.left, WIDTH - MARGIN.right, HEIGHT - MARGIN.bottom];
  const xTick = niceStep(Math.max(...points.map(({ x }) => x)), N_TICKS);
  const xMax = xTick * Math.max(1, Math.ceil(Math.max(...points.map(({ x }) => x)) / xTick));
  const positive = points.map(({ y }) => y).filter((y) => y > 0);
  const low = positive.length === 0 ? 0 : Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.max(low + 1, positive.length === 0 ? 1 : Math.ceil(Math.log10(Math.max(...positive))));
  const x = (value: number): number => left + (value / xMax) * (right - left);
  const y = (value: number): number =>
    value === 0
      ? bottom
      : bottom - ZERO_BAND - ((Math.log10(value) - low) / (high - low)) * (bottom - ZERO_BAND - MARGIN.top);
  const xTicks = Array.from({ length: Math.round(xMax / xTick) + 1 }, (_, i) => i * xTick);
  const yTicks = [0, ...Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))];
  const front = points.filter(({ isOnFront }) => isOnFront).sort((a, b) => a.x - b.x);
  const labels = placeLabels(points.map((point) => ({ name: shortName(point.name), x: x(point.x), y: y(point.y) })));
  return `<svg role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">
<title id="${id}-t">${text(title)}</title><desc id="${id}-d">${text(description)}</desc>
<text class="title" x="${left}" y="15">${text(title)}</text>
${yTicks.map((value) => `<line class="grid" x1="${left}" x2="${right}" y1="${px(y(value))}" y2="${px(y(value))}"/><text x="${left - 6}" y="${px(y(value) + 4)}" text-anchor="end">${shortNumber(value)}</text>`).join('\n')}
${xTicks.map((value) => `<text x="${px(x(value))}" y="${bottom + 16}" text-anchor="middle">${shortNumber(value)}</text>`).join('')}
<polyline class="line" points="${front.map((point) => `${px(x(point.x))},${px(y(point.y))}`).join(' ')}"/>
${points.map((point) => `<circle class="${point.isOnFront ? 'mark' : 'beaten'}" cx="${px(x(point.x))}" cy="${px(y(point.y))}" r="${RADIUS}"><title>${text(`${point.name}: ${shortNumber(point.x)}, ${shortNumber(point.y)}`)}</title></circle>`).join('\n')}
${labels.map((label) => `<text x="${px(label.x)}" y="${px(label.y)}" text-anchor="${label.anchor}">${text(label.name)}</text>`).join('\n')}
<text x="${px((left + right) / 2)}" y="${HEIGHT - 8}" text-anchor="middle">${text(xTitle)}</text>
<text transform="translate(13 ${px((MARGIN.top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${text(yTitle)}</text>
</svg>`;
}

interface Label {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
}

/** Labels to the right of their points, or to the left at the edge; each above those that it would cover. */
function placeLabels(points: readonly { readonly name: string; readonly x: number; readonly y: number }[]): Label[] {
  const placed: { readonly start: number; readonly end: number; readonly y: number }[] = [];
  return points.map(({ name, x, y }) => {
    const width = CHARACTER * name.length;
    const isRight = x + RADIUS + 4 + width <= WIDTH - MARGIN.right;
    const edge = isRight ? x + RADIUS + 4 : x - RADIUS - 4;
    const [start, end] = isRight ? [edge, edge + width] : [edge - width, edge];
    let at = y - RADIUS;
    while (placed.some((other) => Math.abs(other.y - at) < LINE_HEIGHT && other.start < end && start < other.end)) {
      at -= LINE_HEIGHT;
    }
    placed.push({ start, end, y: at });
    return { name, x: edge, y: at, anchor: isRight ? 'start' : 'end' };
  });
}

/** The end of a long path, which tells files apart. */
function shortName(name: string): string {
  return name.length <= MAX_LABEL ? name : `…${name.slice(1 - MAX_LABEL)}`;
}
