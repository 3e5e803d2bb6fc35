// 4 bits by this toolkit against IQ4_NL by llama.cpp's own quantizer, of the same weights, both run by this toolkit: KL divergence
// from float32 in each window, and the mean difference with its 95 % interval.

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportModel } from '@llama-ts/exporter';
import { openModel } from '@llama-ts/runtime';
import { scoreText } from '../packages/evaluate/src/eval/score-text.js';
import { writePeerFile } from './quality/peer-file.js';
import { pairedDifference, windowMeans } from './quality/windows.js';

const USAGE =
  'npx tsx bench/quality.ts CHECKPOINT TEXT... --folder DIR --node-llama-cpp DIR [--own FILE] [--window N]\n' +
  '  CHECKPOINT is a Hugging Face folder; --own names a v3 file of it to judge, else one is exported';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string' },
    'node-llama-cpp': { type: 'string' },
    own: { type: 'string' },
    window: { type: 'string', default: '256' },
  },
});
const [checkpoint, ...texts] = positionals;
const { folder, 'node-llama-cpp': nodeLlamaCpp } = values;
if (checkpoint === undefined || texts.length === 0 || folder === undefined || nodeLlamaCpp === undefined) {
  console.error(USAGE);
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const [v1, exported, peer] = ['v1.bin', 'v3.bin', 'iq4_nl.bin'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
for await (const _ of exportModel({ source: checkpoint, output: v1, version: 1, force: true }));
for await (const _ of exportModel({ source: checkpoint, output: exported, version: 3, force: true }));
await writePeerFile({ floats: v1, own: exported, output: peer, nodeLlamaCpp });

const window = Number(values.window);
const options = { context: window, threads: 1 };
const baseline = await openModel(v1, options);
const models = [await openModel(values.own ?? exported, options), await openModel(peer, options)] as const;
console.log('| text | tokens | windows | v3 | IQ4_NL | difference, 95 % interval | windows where v3 is nearer |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const text of texts) {
  const run = scoreText(models, await readFile(text, 'utf8'), { baseline, window });
  let next = await run.next();
  while (next.done !== true) next = await run.next();
  const [own, theirs] = next.value.models.map(({ scores }) => windowMeans(scores.kl, window / 2)) as [
    number[],
    number[],
  ];
  const { mean, halfWidth, share, means } = pairedDifference(own, theirs);
  const digits = (value: number): string => value.toFixed(6);
  const cells = [
    ...[text, next.value.models[0].scores.kl.length, own.length, ...means.map(digits)],
    ...[`${digits(mean)} ± ${digits(halfWidth)}`, `${(100 * share).toFixed(1)} %`],
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
for (const model of [baseline, ...models]) await model.close();
