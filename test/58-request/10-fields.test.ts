// The declaration of what a request may say: ranges, defaults and names.

import { strict as assert } from 'node:assert';
import {
  type AnswerField,
  answerFields,
  BadRequest,
  createAnswer,
  type FieldOption,
  fieldsIn,
  type Model,
  type NumberKind,
  openModel,
  readAnswerFields,
  resolveSampling,
  type Vocabulary,
} from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';

const vocabularies: readonly Vocabulary[] = ['batch', 'openai', 'llamaServer', 'flag'];
const all = Object.entries(answerFields) as [FieldOption, AnswerField][];
const numbers = all.flatMap(([option, { kind }]) => ('isWhole' in kind ? [[option, kind as NumberKind] as const] : []));

describe('the fields of a request', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('tied-gqa-bf16', 2), { context: 48 });
  });
  after(() => model.close());

  it('accept both ends of their ranges, and refuse a number beyond either with an error that names the field', () => {
    assert.ok(numbers.length > 10);
    for (const [option, { min, max, isWhole, expected }] of numbers) {
      const field: AnswerField = answerFields[option];
      for (const vocabulary of vocabularies) {
        for (const name of field.names[vocabulary] ?? []) {
          assert.deepEqual(readAnswerFields({ [name]: min }, vocabulary), { [option]: min });
          assert.deepEqual(readAnswerFields({ [name]: max }, vocabulary), { [option]: max });
          for (const wrong of [min - 1, max * 2, String(min), null, isWhole ? min + 0.5 : Number.NaN]) {
            assert.throws(
              () => readAnswerFields({ [name]: wrong }, vocabulary),
              (error) => {
                assert.ok(error instanceof BadRequest);
                assert.deepEqual([error.code, error.field], ['BAD_REQUEST', name]);
                assert.ok(error.message.startsWith(`${name} `) && error.message.endsWith(`, expected ${expected}`));
                return true;
              },
            );
          }
        }
      }
    }
  });

  it('have ranges that an answer accepts', () => {
    for (const [option, { min, max }] of numbers) {
      for (const value of [min, max]) createAnswer(model, [1], { [option]: value });
    }
  });

  it("have the sampler's defaults", () => {
    const generationDefaults = { doSample: null, temperature: null, topP: null, topK: null, repetitionPenalty: null };
    const resolved: Readonly<Record<string, unknown>> = {
      ...resolveSampling({ ...model, generationDefaults }, {}),
      minTokens: 0,
    };
    const fallbacks = all.filter(([, { fallback }]) => fallback !== null);
    assert.ok(fallbacks.length > 8);
    for (const [option, { fallback }] of fallbacks) assert.equal(resolved[option], fallback, option);
  });

  it("give way to the model's defaults exactly where it has a generation config", () => {
    const generationDefaults = { doSample: null, temperature: 0.25, topP: 0.5, topK: 7, repetitionPenalty: 1.5 };
    const own: Readonly<Record<string, unknown>> = { ...resolveSampling({ ...model, generationDefaults }, {}) };
    for (const [option, { hasModelDefault = false, fallback }] of all) {
      if (fallback === null || option === 'minTokens') continue;
      assert.equal(own[option] !== fallback, hasModelDefault, option);
    }
  });

  it('have names that mean one field in each vocabulary', () => {
    for (const vocabulary of vocabularies) {
      const names = all.flatMap(([, { names }]) => names[vocabulary] ?? []);
      assert.equal(new Set(names).size, names.length);
      assert.equal(fieldsIn(vocabulary).size, names.length);
    }
  });

  it('are read under the names of OpenAI and of llama-server, the preferred one first', () => {
    const openai = { max_tokens: 5, max_completion_tokens: 3, logit_bias: { 7: -100 }, stop: 'x', model: 'any' };
    const read = { maxTokens: 3, logitBias: { 7: -100 }, stop: ['x'] };
    assert.deepEqual(readAnswerFields(openai, 'openai'), read);
    const llamaServer = {
      n_predict: 4,
      repeat_penalty: 1.5,
      repeat_last_n: -1,
      min_p: 0.5,
      seed: '18446744073709551615',
    };
    assert.deepEqual(readAnswerFields(llamaServer, 'llamaServer'), {
      maxTokens: 4,
      repetitionPenalty: 1.5,
      penaltyWindow: -1,
      minP: 0.5,
      seed: 2n ** 64n - 1n,
    });
  });

  it('refuse malformed texts, ids, biases and seeds', () => {
    const wrong: readonly (readonly [Vocabulary, Record<string, unknown>])[] = [
      ['batch', { stop: '' }],
      ['batch', { stop: ['a', 5] }],
      ['batch', { seed: 0 }],
      ['batch', { seed: '1e5' }],
      ['batch', { seed: '18446744073709551616' }],
      ['flag', { 'stop-id': [-1] }],
      ['openai', { logit_bias: { a: 1 } }],
      ['openai', { logit_bias: { 1: 10_001 } }],
      ['openai', { logit_bias: [] }],
      ['flag', { 'reference-sampler': 1 }],
    ];
    for (const [vocabulary, values] of wrong) {
      assert.throws(() => readAnswerFields(values, vocabulary), { code: 'BAD_REQUEST' }, JSON.stringify(values));
    }
  });
});
