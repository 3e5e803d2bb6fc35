// Stop strings that name special tokens.

import assert from 'node:assert/strict';
import { createEngine, type GenerateOptions, generate, type Model, regex } from '@llama-ts/runtime';
import { withFolder } from '../40-exporter/support.js';
import { EOS, EOT, openSmallModel, SPECIALS } from './support.js';

const added = [...SPECIALS, { content: '</think>' }, { content: 'END', special: true }];
const THINK = 261;

describe('a stop string that is the name of a special token', () => {
  let model: Model;
  let close: () => void = () => undefined;
  before(async () => {
    await new Promise<void>((ready, failed) => {
      withFolder(async (folder) => {
        model = await openSmallModel(folder, { added });
        ready();
        await new Promise<void>((closed) => {
          close = closed;
        });
      }).catch(failed);
    });
  });
  after(async () => {
    await model.close();
    close();
  });

  async function endOf(id: number, options: GenerateOptions) {
    const all: GenerateOptions = { temperature: 0, maxTokens: 4, logitBias: { [id]: 1000 }, ...options };
    for await (const event of generate(model, 'x', all)) if (event.type === 'end') return event;
    throw new Error('no end');
  }

  it('ends the answer at the token, and is reported as the reason', async () => {
    const end = await endOf(EOT, { stop: ['\0', '<|eot_id|>'] });
    assert.deepEqual([end.reason, end.stop, end.nTokens], ['stop', '<|eot_id|>', 0]);
  });

  it('is reported also where the token is an end token of the model', async () => {
    const end = await endOf(EOS, { stop: ['<|end_of_text|>'] });
    assert.deepEqual([end.reason, end.stop, end.eosId], ['stop', '<|end_of_text|>', null]);
  });

  it('is not heeded before the minimum number of tokens', async () => {
    const end = await endOf(EOT, { stop: ['<|eot_id|>'], minTokens: 2 });
    assert.equal(end.nTokens, 2);
  });

  it('may be given together with a constraint, which decides when the token may come', async () => {
    const end = await endOf(EOT, { stop: ['<|eot_id|>'], constraint: regex('a{2,9}') });
    assert.deepEqual([end.reason, end.nTokens, end.meetsConstraint], ['stop', 2, true]);
  });

  it('works for requests of an engine', async () => {
    const engine = createEngine(model);
    const options = { temperature: 0, maxTokens: 4, logitBias: { [EOT]: 1000 }, stop: ['<|eot_id|>'] };
    for await (const event of engine.submit('x', options)) {
      if (event.type === 'end') assert.equal(event.stop, '<|eot_id|>');
    }
    await engine.close();
  });

  it('is refused within a longer stop string, which no answer could contain, unless the name is a plain word', async () => {
    await assert.rejects(endOf(EOT, { stop: ['.<|eot_id|>'] }), (error: { code?: string; suggestions?: string[] }) => {
      return error.code === 'INVALID_OPTION' && error.suggestions![0]!.includes('--stop "<|eot_id|>"');
    });
    assert.equal((await endOf(EOT, { stop: ['THE END', 'x<|eot'] })).reason, 'length');
  });

  it('is plain text when the token is not special', async () => {
    const end = await endOf(THINK, { stop: ['</think>'] });
    assert.deepEqual([end.reason, end.stop, end.nTokens], ['stop', '</think>', 1]);
    assert.equal((await endOf(THINK, { stop: ['k></'] })).stop, 'k></');
  });
});
