// Weights of 4 bits that llama.cpp's own library quantized: read into v3, converted to GGUF and run there, and the quality of ours
// beside them.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareModels } from '@llama-ts/evaluate';
import { convertModel, exportModel } from '@llama-ts/exporter';
import { openModel } from '@llama-ts/runtime';
import { sampleModelPath, sampleTextPath } from '@llama-ts/sample-model';
import { writePeerFile } from '../../bench/quality/peer-file.js';
import { drain } from '../40-exporter/support.js';
import { goldenTokens } from '../50-runtime/support.js';
import { ourProbabilities } from './our-probabilities.js';
import { closeLlamaCpp, llamaCppProbabilities, needsLlamaCpp, whenAbsent, withLlamaCpp } from './support.js';

const POSITIONS = 128;
/** The mean KL of ours over that of IQ4_NL on the sample's text; 0.59 is measured. */
const MAX_RATIO = 0.8;

describe(`IQ4_NL by llama.cpp in v3${whenAbsent}`, function () {
  this.timeout(120_000);
  /** The sample in float32, in 4 bits by our rules, and in 4 bits by llama.cpp's. */
  let files: { readonly floats: string; readonly own: string; readonly output: string };
  let folder: string;
  before(async function () {
    needsLlamaCpp.call(this);
    this.timeout(180_000);
    if (spawnSync('python3', ['--version']).status !== 0) this.skip();
    folder = await mkdtemp(join(tmpdir(), 'llama-iq4-nl-'));
    const path = (name: string): string => join(folder, name);
    files = { floats: path('v1.bin'), own: path('v3.bin'), output: path('iq4_nl.bin') };
    await drain(exportModel({ source: sampleModelPath, output: files.floats, version: 1 }));
    await drain(exportModel({ source: sampleModelPath, output: files.own, version: 3 }));
    await writePeerFile({ ...files, nodeLlamaCpp: process.env.NODE_LLAMA_CPP! });
  });
  after(async () => {
    await closeLlamaCpp();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it('gives llama.cpp the next tokens that we compute from the file, with a mean KL under 1e-3', async () => {
    const source = files.output;
    const gguf = `${source}.gguf`;
    const { events, result } = await drain(convertModel({ source, output: gguf, to: 'gguf' }));
    assert.equal(result.type, 'stored');
    assert.deepEqual(
      events.filter(({ type }) => type === 'warning'),
      [],
    );
    const tokens = goldenTokens('sample').slice(0, POSITIONS);
    const ours = await ourProbabilities(source, tokens);
    const theirs = await withLlamaCpp(gguf, (model) => llamaCppProbabilities(model, tokens));
    let divergence = 0;
    for (const [row, expected] of ours.entries()) {
      const found = theirs[row]!;
      expected.forEach((p, id) => {
        if (p > 0) divergence += p * Math.log(p / found.get(id)!);
      });
      const top = expected.indexOf(Math.max(...expected));
      const theirTop = [...found].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
      // Rounding may turn a tie: the activations of both engines have 8 bits, by rules of their own.
      const isTie = Math.abs(expected[top]! - expected[theirTop]!) < 0.02;
      assert.ok(top === theirTop || isTie, `token ${row}: ${top} and ${theirTop}`);
    }
    assert.ok(divergence / ours.length < 1e-3, `mean KL ${divergence / ours.length}`);
  });

  it('is further from float32 on the text of the sample than what our rules choose, at as many bits', async () => {
    const { floats, own, output } = files;
    const baseline = await openModel(floats, { context: 256 });
    const models = [await openModel(own, { context: 256 }), await openModel(output, { context: 256 })] as const;
    const text = await readFile(sampleTextPath, 'utf8');
    const { result } = await drain(compareModels(baseline, models, text, { window: 256 }));
    const [ours, theirs] = result.models.map(({ divergence }) => divergence.kl.mean.value) as [number, number];
    for (const model of [baseline, ...models]) await model.close();
    assert.ok(ours < MAX_RATIO * theirs, `mean KL ${ours} and ${theirs}`);
  });
});
