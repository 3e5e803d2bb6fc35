// A line chart as one SVG document: no script, no font, no request; readable on light and dark backgrounds.

/** A point, with the range of its samples. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** Points in ascending order of x. */
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** At least one line; y begins at 0. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
}

const WIDTH = 760;
const PLOT_HEIGHT = 300;
const MARGIN = { top: 44, right: 20, bottom: 48, left: 60 };
const LEGEND_ROW = 20;
const TICKS = 5;
/** Okabe and Ito's colours, told apart by colour-blind readers; dashes help in print. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#999999'];
const DASHES = ['', '6 3', '2 3'];

/** Draws it. */
export function lineChart({ title, xLabel, yLabel, lines }: Chart): string {
  const points = lines.flatMap((line) => line.points);
  const xValues = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const yTop = niceCeiling(Math.max(...points.map(({ high }) => high)));
  const [xMin, xMax] = [xValues[0]!, xValues.at(-1)!];
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const bottom = MARGIN.top + PLOT_HEIGHT;
  const xAt = (x: number) => round(MARGIN.left + (plotWidth * (x - xMin)) / Math.max(xMax - xMin, 1));
  const yAt = (y: number) => round(bottom - (PLOT_HEIGHT * y) / yTop);
  const height = bottom + MARGIN.bottom + lines.length * LEGEND_ROW + 8;
  const yTicks = Array.from({ length: TICKS + 1 }, (_, i) => (yTop * i) / TICKS);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escapeXml(title)}</title>`,
    '<style>text{fill:#222}.grid{stroke:#8884}.frame{fill:#fff}' +
      '@media(prefers-color-scheme:dark){text{fill:#ddd}.frame{fill:#181818}}</style>',
    `<rect class="frame" width="${WIDTH}" height="${height}"/>`,
    text(WIDTH / 2, 24, title, 'middle', ' font-size="16"'),
    ...yTicks.flatMap((y) => [
      `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${yAt(y)}" y2="${yAt(y)}"/>`,
      text(MARGIN.left - 8, yAt(y) + 4, String(round(y)), 'end'),
    ]),
    ...spreadOut(xValues, xAt).map((x) => text(xAt(x), bottom + 18, String(x), 'middle')),
    text(MARGIN.left + plotWidth / 2, bottom + 38, xLabel, 'middle'),
    text(
      16,
      MARGIN.top + PLOT_HEIGHT / 2,
      yLabel,
      'middle',
      ` transform="rotate(-90 16 ${MARGIN.top + PLOT_HEIGHT / 2})"`,
    ),
    ...lines.flatMap((line, i) => drawLine(line, i, xAt, yAt)),
    ...lines.flatMap((line, i) => drawLegend(line, i, bottom + MARGIN.bottom + i * LEGEND_ROW + 10)),
    '</svg>',
    '',
  ].join('\n');
}

function drawLine({ points }: Line, index: number, xAt: (x: number) => number, yAt: (y: number) => number): string[] {
  const path = points.map(({ x, y }) => `${xAt(x)},${yAt(y)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" ${strokeOf(index)}/>`,
    ...points.map(
      ({ x, y, low, high }) =>
        `<line x1="${xAt(x)}" x2="${xAt(x)}" y1="${yAt(low)}" y2="${yAt(high)}" stroke="${colourOf(index)}"/>` +
        `<circle cx="${xAt(x)}" cy="${yAt(y)}" r="3.5" fill="${colourOf(index)}"/>`,
    ),
  ];
}

function drawLegend({ name }: Line, index: number, y: number): string[] {
  const x = MARGIN.left;
  return [
    `<line x1="${x}" x2="${x + 28}" y1="${y}" y2="${y}" ${strokeOf(index)}/>`,
    text(x + 36, y + 4, name, 'start'),
  ];
}

function strokeOf(index: number): string {
  const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length]!;
  return `stroke="${colourOf(index)}" stroke-width="2"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', attributes = ''): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${attributes}>${escapeXml(content)}</text>`;
}

/** The values whose labels do not run into the one before. */
function spreadOut(values: readonly number[], xAt: (x: number) => number): number[] {
  const minimumGap = 40;
  let last = Number.NEGATIVE_INFINITY;
  return values.filter((value) => {
    if (xAt(value) - last < minimumGap) return false;
    last = xAt(value);
    return true;
  });
}

/** The next of 1, 2, 2.5, 5 times a power of ten: five ticks are then round numbers. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 2.5, 5, 10].find((step) => step * power >= value)!;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
