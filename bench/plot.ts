// Draws a report's speeds as self-contained SVG: npx tsx bench/plot.ts REPORT.json DIR

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lineChart } from './plot/line-chart.js';
import { type ChartPlan, chartsOf } from './plot/report-charts.js';
import type { BenchReport } from './report.js';

const [reportPath, folder] = process.argv.slice(2);
if (reportPath === undefined || folder === undefined) throw new Error('usage: npx tsx bench/plot.ts REPORT.json DIR');
const report: BenchReport = JSON.parse(await readFile(reportPath, 'utf8'));
await mkdir(folder, { recursive: true });
for (const plan of chartsOf(report)) await writeChart(plan, folder);

async function writeChart({ fileName, ...chart }: ChartPlan, target: string): Promise<void> {
  const path = join(target, fileName);
  await writeFile(path, lineChart(chart));
  console.log(path);
}
