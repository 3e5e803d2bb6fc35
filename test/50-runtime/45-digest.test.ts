// The digest of an answer, against Node's own sha256 of the logits that passes give.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { type AnswerOptions, createEngine, generate, jsonSchema, type Model, openModel } from '@llama-ts/runtime';
import { collectAnswer } from '../helpers/collect-answer.js';
import { backends, modelFile } from './support.js';

const prompt = 'Once upon a time';
const cases: Readonly<Record<string, AnswerOptions>> = {
  'at temperature 1': { seed: 5 },
  'with penalties and biases': { seed: 5, repetitionPenalty: 1.5, logitBias: { 5: 3, 9: Number.NEGATIVE_INFINITY } },
  'held to a schema': { seed: 5, constraint: jsonSchema({ type: 'object', properties: { a: { type: 'integer' } } }) },
  'of no tokens': { maxTokens: 0 },
};

describe('the digest of an answer', () => {
  let path: string;
  before(async () => {
    path = await modelFile('sample', 2);
  });

  const withModel = async (options: Parameters<typeof openModel>[1], use: (model: Model) => Promise<void>) => {
    const model = await openModel(path, options);
    try {
      await use(model);
    } finally {
      await model.close();
    }
  };
  const answered = (model: Model, options: AnswerOptions) =>
    collectAnswer(generate(model, prompt, { maxTokens: 20, digest: true, ...options }));

  for (const [name, options] of Object.entries(cases)) {
    it(`is a sha256 of ids and of the logits that the model computed, ${name}`, async () => {
      await withModel({ context: 128 }, async (model) => {
        const { ids, end } = await answered(model, options);
        const hash = createHash('sha256');
        const before = [...model.tokenizer!.encode(prompt)];
        const tokens = [model.settings.bosId!, ...before, ...ids];
        const logits = await model.forward([{ cache: model.createCache(), position: 0, tokens }], { logits: 'all' });
        const { vocabSize } = model.header.dimensions;
        for (const [i, id] of ids.entries()) {
          const row = before.length + i;
          const bytes = Buffer.alloc(8);
          bytes.writeUInt32LE(id, 0);
          bytes.writeFloatLE(logits[row * vocabSize + id]!, 4);
          hash.update(bytes);
        }
        assert.equal(end.digest, hash.digest('hex'));
      });
    });
  }

  it('is the same on every backend, with any number of threads, in an engine and with drafts', async () => {
    const digests = new Set<string>();
    for (const backend of backends) {
      for (const threads of backend === 'reference' ? [undefined] : [1, 2, 3]) {
        await withModel({ backend, context: 128, ...(threads === undefined ? {} : { threads }) }, async (model) => {
          digests.add((await answered(model, { seed: 7 })).end.digest!);
        });
      }
    }
    await withModel({ context: 128 }, async (model) => {
      const options = { seed: 7, maxTokens: 20, digest: true };
      digests.add((await collectAnswer(generate(model, prompt, { ...options, speculate: true }))).end.digest!);
      const engine = createEngine(model, { maxSequences: 4 });
      const tokens = [model.settings.bosId!, ...model.tokenizer!.encode(prompt)];
      const others = Array.from({ length: 3 }, (_, i) =>
        collectAnswer(engine.submit(tokens, { ...options, seed: i + 1 })),
      );
      digests.add((await collectAnswer(engine.submit(tokens, options))).end.digest!);
      for (const { end } of await Promise.all(others)) assert.match(end.digest!, /^[0-9a-f]{64}$/);
      await engine.close();
    });
    assert.equal(digests.size, 1);
  });

  it('is another one for another seed, and is not there unless it is asked for', async () => {
    await withModel({ context: 128 }, async (model) => {
      const one = await answered(model, { seed: 7 });
      const other = await answered(model, { seed: 8 });
      assert.notEqual(one.end.digest, other.end.digest);
      assert.equal('digest' in (await answered(model, { digest: false })).end, false);
    });
  });
});
