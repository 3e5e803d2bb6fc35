// The memory plan: what a model takes in WebAssembly, and what the documents say of published ones.

import { strict as assert } from 'node:assert';
import { readFile, stat } from 'node:fs/promises';
import { openFile } from '@llama-ts/base';
import { type BinHeader, readBinHeader } from '@llama-ts/format';
import { checkMemoryPlan, type MemoryPlan, openModel, planMemory } from '@llama-ts/runtime';
import { type GoldenModel, modelFile } from '../50-runtime/support.js';
import { memoryTable } from './published-models.js';

/** More than one pass of 512 tokens. */
const MAX_CONTEXT = 700;
/** What a plan may have too much: bounds for programs, rows of logits and blocks that are replaced. */
const SPARE_BYTES = 8 * 1024 * 1024;

/** The WebAssembly memories that a call makes. */
async function memoriesOf(use: () => Promise<void>): Promise<{ readonly buffer: SharedArrayBuffer }[]> {
  const api = (
    globalThis as unknown as { WebAssembly: { Memory: new (descriptor: object) => { buffer: SharedArrayBuffer } } }
  ).WebAssembly;
  const { Memory } = api;
  const made: { buffer: SharedArrayBuffer }[] = [];
  api.Memory = class extends Memory {
    constructor(descriptor: object) {
      super(descriptor);
      made.push(this);
    }
  };
  try {
    await use();
  } finally {
    api.Memory = Memory;
  }
  return made;
}

async function headerOf(path: string): Promise<{ readonly header: BinHeader; readonly byteLength: number }> {
  const source = await openFile(path);
  try {
    return { header: await readBinHeader(source), byteLength: source.byteLength };
  } finally {
    await source.close();
  }
}

describe('the memory plan of a model', () => {
  for (const [name, version, cacheType] of [
    ['sample', 1, 'f32'],
    ['sample', 2, 'f32'],
    ['sample', 3, 'f16'],
    ['untied-mha-f32', 2, 'f16'],
    ['tied-gqa-bf16', 3, 'f32'],
  ] as readonly (readonly [GoldenModel, 1 | 2 | 3, 'f32' | 'f16'])[]) {
    it(`is what ${name} takes in v${version}, at most, and little more`, async () => {
      const path = await modelFile(name, version);
      const { header, byteLength } = await headerOf(path);
      assert.equal(byteLength, (await stat(path)).size);
      const threads = 2;
      const context = Math.min(MAX_CONTEXT, header.dimensions.maxSeqLen);
      let plan: MemoryPlan;
      const memories = await memoriesOf(async () => {
        const model = await openModel(path, { backend: 'wasm', threads, cacheType, context });
        plan = planMemory(header, byteLength, { cacheType, threads, context });
        assert.equal(plan.context, context);
        const cache = model.createCache();
        // Prompts of rising lengths, up to the whole context in passes of 512.
        for (const length of [1, 3, 40, 300, context]) {
          for (let position = 0; position < length; position += 512) {
            const tokens = new Int32Array(Math.min(512, length - position)).fill(1);
            await model.forward([{ cache, position, tokens }]);
          }
        }
        await model.close();
      });
      assert.equal(memories.length, 1);
      const taken = memories[0]!.buffer.byteLength;
      const { totalBytes } = plan!;
      assert.ok(
        taken <= totalBytes && totalBytes - taken <= SPARE_BYTES,
        `${taken} bytes taken, ${totalBytes} planned`,
      );
    });
  }

  it('refuses a context that does not fit and names the largest that does, which fits', async () => {
    const { header } = await headerOf(await modelFile('sample', 3));
    const large = { ...header, dimensions: { ...header.dimensions, maxSeqLen: 2 ** 24 } };
    const plan = planMemory(large, 2 ** 31, { context: 2 ** 24, threads: 1 });
    assert.equal(plan.fits, false);
    assert.throws(
      () => checkMemoryPlan(plan, 'large.bin'),
      ({ code, suggestions }: { code: string; suggestions: string[] }) => {
        const contexts = suggestions.map((suggestion) => Number(/context: (\d+)/.exec(suggestion)![1]));
        assert.deepEqual(contexts, [plan.largestContext.f32, plan.largestContext.f16]);
        return code === 'LIMIT_EXCEEDED';
      },
    );
    for (const cacheType of ['f32', 'f16'] as const) {
      const context = plan.largestContext[cacheType];
      assert.ok(context > 256 && context % 256 === 0);
      assert.equal(planMemory(large, 2 ** 31, { context, cacheType, threads: 1 }).fits, true);
      assert.equal(planMemory(large, 2 ** 31, { context: context + 256, cacheType, threads: 1 }).fits, false);
    }
    assert.equal(planMemory(large, 2 ** 31, { threads: 1 }).context, 4096);
  });

  it('refuses weights that do not fit', async () => {
    const { header } = await headerOf(await modelFile('sample', 3));
    const plan = planMemory(header, 2 ** 32);
    assert.deepEqual([plan.fits, plan.largestContext], [false, { f32: 0, f16: 0 }]);
    assert.throws(() => checkMemoryPlan(plan, 'large.bin'), { code: 'MODEL_TOO_LARGE_FOR_WASM' });
  });

  it('of published models is the table of docs/browser.md', async () => {
    const page = await readFile(new URL('../../docs/browser.md', import.meta.url), 'utf8');
    assert.ok(
      page.includes(`\n${memoryTable().join('\n')}\n`),
      `expected in docs/browser.md:\n${memoryTable().join('\n')}`,
    );
  });
});
