// Embeddings: hidden states that give the golden logits, pooled by rule 10 of docs/arithmetic.md, the same bits in any way.

import assert from 'node:assert/strict';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { probeBackends } from '@llama-ts/kernels';
import { createEmbedder, createEngine, type Embedding, type Model, openModel, type Pooling } from '@llama-ts/runtime';
import { openSafetensors } from '@llama-ts/safetensors';
import { bits, goldenFloats, goldenTokens, modelFile } from './support.js';

const f = Math.fround;

/** sum16 of the products of two vectors, by the page. */
function literalDot(a: Float32Array, b: Float32Array): number {
  const lanes = new Float32Array(16);
  a.forEach((value, i) => {
    lanes[i % 16] = f(lanes[i % 16]! + f(value * b[i]!));
  });
  for (let width = 8; width >= 1; width /= 2) {
    for (let j = 0; j < width; j++) lanes[j] = f(lanes[j]! + lanes[j + width]!);
  }
  return lanes[0]!;
}

/** Rule 10, word by word. */
function literalEmbedding(states: readonly Float32Array[], pooling: Pooling): Float32Array {
  const mean = states[0]!.map((_, i) => {
    let sum = 0;
    for (const state of states) sum = f(sum + state[i]!);
    return f(sum / f(states.length));
  });
  const vector = pooling === 'mean' ? mean : states.at(-1)!;
  const length = f(Math.sqrt(literalDot(vector, vector)));
  return vector.map((value) => f(value / length));
}

function rowsOf(states: Float32Array, dim: number): Float32Array[] {
  return Array.from({ length: states.length / dim }, (_, row) => states.slice(row * dim, (row + 1) * dim));
}

function allBits(embeddings: readonly Embedding[]): string[] {
  return embeddings.map(({ vector, nTokens }) => `${nTokens}: ${bits(vector).join()}`);
}

describe('an embedding', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { threads: 1, context: 64 });
  });
  after(() => model.close());

  const texts = ['A cow says moo.', 'Once upon a time there was a fox who lived in a den.', 'The end', ''];

  it('comes from hidden states that give the golden logits when they are multiplied with the classifier', async () => {
    const untied = await openModel(await modelFile('untied-mha-f32', 1), { threads: 1 });
    try {
      const { dim, vocabSize } = untied.header.dimensions;
      const tokens = goldenTokens('untied-mha-f32');
      const cache = untied.createCache({ positions: tokens.length });
      const states = rowsOf(await untied.hiddenStates([{ cache, position: 0, tokens }]), dim);
      const folder = fileURLToPath(new URL('../fixtures/golden/untied-mha-f32/', import.meta.url));
      const file = await openSafetensors(path.join(folder, 'model.safetensors'));
      const head = new Float32Array((await file.read('lm_head.weight')).slice().buffer);
      await file.close();
      const logits = states.flatMap((state) =>
        Array.from({ length: vocabSize }, (_, token) =>
          literalDot(state, head.subarray(token * dim, (token + 1) * dim)),
        ),
      );
      const golden = goldenFloats('untied-mha-f32', 'canonical-v1.f32');
      assert.deepEqual(bits(Float32Array.from(logits)), bits(golden));
    } finally {
      await untied.close();
    }
  });

  it('is the mean or the last of the hidden states, of length 1, as the page on arithmetic says', async () => {
    const { dim } = model.header.dimensions;
    const tokens = [1, 50, 200, 3, 77];
    const cache = model.createCache({ positions: tokens.length });
    const states = rowsOf(await model.hiddenStates([{ cache, position: 0, tokens }]), dim);
    for (const pooling of ['mean', 'last'] as const) {
      const [{ vector, nTokens }] = (await createEmbedder(model).embed([tokens], { pooling })) as [Embedding];
      assert.equal(nTokens, 5);
      assert.deepEqual(bits(vector), bits(literalEmbedding(states, pooling)));
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
    }
  });

  it('has the same bits on every backend, with any number of threads, in any passes, alone and among others', async () => {
    const expected = { mean: [] as string[], last: [] as string[] };
    for (const pooling of ['mean', 'last'] as const) {
      for (const text of texts) {
        expected[pooling].push(...allBits(await createEmbedder(model, { prefillChunk: 1 }).embed([text], { pooling })));
      }
    }
    const backends = (await probeBackends())
      .filter(({ rejection }) => rejection === null)
      .map(({ backend }) => backend);
    assert.ok(backends.includes('reference') && backends.includes('wasm'));
    for (const backend of backends) {
      for (const threads of backend === 'reference' ? [1] : [1, 2, 3]) {
        const other = await openModel(await modelFile('sample', 2), { backend, threads, context: 64 });
        try {
          for (const prefillChunk of [7, 512]) {
            const embedder = createEmbedder(other, { prefillChunk });
            const [mean, last] = await Promise.all([embedder.embed(texts), embedder.embed(texts, { pooling: 'last' })]);
            assert.deepEqual({ mean: allBits(mean), last: allBits(last) }, expected, `${backend} ${threads}`);
          }
        } finally {
          await other.close();
        }
      }
    }
  }).timeout(120_000);

  it('is the same while an engine answers, whose answers are the same too', async () => {
    const embedder = createEmbedder(model, { prefillChunk: 3 });
    const expected = allBits(await embedder.embed(texts));
    const engine = createEngine(model);
    const answer = async () => {
      const ids: number[] = [];
      for await (const event of engine.submit('Once', { maxTokens: 30, seed: 1, temperature: 1 })) {
        if (event.type === 'token') ids.push(event.id);
      }
      return ids;
    };
    const alone = await answer();
    const [first, second, embeddings] = await Promise.all([answer(), answer(), embedder.embed(texts)]);
    assert.deepEqual([first, second, allBits(embeddings)], [alone, alone, expected]);
    await engine.close();
  });

  it('of a text has the begin-of-text token before it, and of more texts than a context holds comes too', async () => {
    const embedder = createEmbedder(model);
    const { tokenizer, settings } = model;
    const ids = [settings.bosId!, ...tokenizer!.encode(texts[0]!)];
    const [byText, byIds] = await embedder.embed([texts[0]!, ids]);
    assert.deepEqual(bits(byText!.vector), bits(byIds!.vector));
    const many = await embedder.embed(Array.from({ length: 40 }, () => texts[1]!));
    assert.deepEqual(new Set(allBits(many)), new Set(allBits(await embedder.embed([texts[1]!]))));
    assert.deepEqual(await embedder.embed([]), []);
  });

  it('is refused for a text that is longer than the context, for no tokens, unknown ids and unknown options', async () => {
    const embedder = createEmbedder(model);
    const refusals: [prompts: unknown, options: object, code: string][] = [
      [['x '.repeat(100)], {}, 'CONTEXT_EXCEEDED'],
      [[[]], {}, 'INVALID_OPTION'],
      [[[99_999]], {}, 'INVALID_OPTION'],
      [[7], {}, 'INVALID_OPTION'],
      [['a'], { pooling: 'max' }, 'INVALID_OPTION'],
      [['a'], { dimensions: 3 }, 'INVALID_OPTION'],
    ];
    for (const [prompts, options, code] of refusals) {
      await assert.rejects(embedder.embed(prompts as string[], options), { code });
    }
    assert.throws(() => createEmbedder(model, { maxWaiting: -1 }), { code: 'INVALID_OPTION' });
    assert.equal((await embedder.embed(['a'])).length, 1);
  });

  it('request that is one too many is refused, and one that is aborted leaves at once, under way or waiting', async () => {
    const embedder = createEmbedder(model, { maxWaiting: 1, prefillChunk: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = embedder.embed(texts, { signal: first.signal });
    const waiting = embedder.embed(texts, { signal: second.signal });
    assert.equal(embedder.nWaiting, 1);
    await assert.rejects(embedder.embed(texts), { code: 'QUEUE_FULL' });
    second.abort(new Error('left the queue'));
    await assert.rejects(waiting, /left the queue/);
    assert.equal(embedder.nWaiting, 0);
    const third = embedder.embed(texts);
    await setImmediate();
    first.abort(new Error('left'));
    await assert.rejects(running, /left/);
    assert.equal((await third).length, texts.length);
    const late = new AbortController();
    late.abort(new Error('too late'));
    await assert.rejects(embedder.embed(texts, { signal: late.signal }), /too late/);
  });

  it('ends with the model', async () => {
    const other = await openModel(await modelFile('sample', 2), { threads: 1, context: 64 });
    const embedder = createEmbedder(other, { prefillChunk: 1 });
    const requests = [embedder.embed(texts), embedder.embed(texts)];
    const ends = requests.map((request) => assert.rejects(request, { code: 'MODEL_CLOSED' }));
    await setImmediate();
    await other.close();
    await Promise.all(ends);
    await assert.rejects(embedder.embed(texts), { code: 'MODEL_CLOSED' });
  });
});
