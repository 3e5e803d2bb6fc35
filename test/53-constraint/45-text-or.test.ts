// Free text, or a JSON object under a constraint where the text begins with a brace.

import { strict as assert } from 'node:assert';
import { type ConstrainedText, jsonSchema, type Model, openModel, type Tokenizer, textOr } from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';

const END = 0;
const schema = { type: 'object', properties: { a: { const: 1 } }, required: ['a'], additionalProperties: false };

describe('a constraint of text or an object', () => {
  let model: Model;
  let tokenizer: Tokenizer;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { threads: 1 });
    tokenizer = model.tokenizer!;
  });
  after(() => model.close());

  /** Whether a token, and whether the end, may follow. */
  function may(text: ConstrainedText, token: string): { token: boolean; end: boolean } {
    const logits = new Float32Array(tokenizer.nTokens);
    text.restrict(logits, [END]);
    const [id, ...more] = tokenizer.encode(token);
    assert.equal(more.length, 0, token);
    return { token: logits[id!] === 0, end: logits[END] === 0 };
  }

  const begin = () => textOr(jsonSchema(schema)).begin(tokenizer);
  const push = (text: ConstrainedText, said: string): void => {
    for (const id of tokenizer.encode(said)) text.push(id);
  };

  it('leaves text free, braces within it too, and lets it end anywhere', () => {
    const text = begin();
    assert.deepEqual(may(text, 'O'), { token: true, end: true });
    push(text, 'Once');
    assert.deepEqual([may(text, '{'), text.isComplete, text.hasNext], [{ token: true, end: true }, true, true]);
    push(text, ' {"b');
    assert.deepEqual(may(text, '}'), { token: true, end: true });
  });

  it('holds what begins with a brace to its end, after white space too', () => {
    for (const blank of ['', '\n', ' ']) {
      const text = begin();
      push(text, blank);
      assert.ok(may(text, '{').token && may(text, 'O').token);
      push(text, '{');
      assert.deepEqual([may(text, 'O'), text.isComplete], [{ token: false, end: false }, false]);
      for (const part of ['"', 'a', '"', ':', '1']) push(text, part);
      assert.equal(may(text, '}').token, true);
      push(text, '}');
      assert.deepEqual([text.isComplete, text.hasNext], [true, false]);
    }
  });

  it('bans tokens that begin with a brace and that the object cannot begin with', () => {
    const text = begin();
    const logits = new Float32Array(tokenizer.nTokens);
    text.restrict(logits, [END]);
    for (let id = 0; id < tokenizer.nTokens; id++) {
      const bytes = Buffer.from(tokenizer.tokenBytes(id)).toString('latin1');
      const isBad = /^\s*\{/.test(bytes) && !/^\{\s*("(a("\s*(:\s*(1\s*)?)?)?)?)?$/.test(bytes);
      assert.equal(logits[id] === 0, !isBad, bytes);
    }
  });
});
