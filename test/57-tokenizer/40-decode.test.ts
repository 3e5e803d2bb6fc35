import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import fc from 'fast-check';
import { llamaTokenizer, sampleTokenizer } from '../helpers/tokenizers.js';

describe('Tokenizer.decode', () => {
  it('writes the names of special tokens, or leaves them out', () => {
    const tokenizer = sampleTokenizer();
    const ids = tokenizer.encode('<|begin_of_text|>Hi<|eot_id|>', { specials: 'tokens' });
    assert.equal(tokenizer.decode(ids), '<|begin_of_text|>Hi<|eot_id|>');
    assert.equal(tokenizer.decode(ids, { skipSpecial: true }), 'Hi');
  });

  it('replaces bytes that are not UTF-8 and keeps a byte order mark', () => {
    const tokenizer = sampleTokenizer();
    const [lead] = tokenizer.encode('é');
    assert.equal(tokenizer.decode([lead!, ...tokenizer.encode('a')]), '\ufffda');
    assert.equal(tokenizer.decode(tokenizer.encode('\ufeffa')), '\ufeffa');
  });

  it('refuses an id that is not in the vocabulary', () => {
    for (const id of [-1, 1.5, Number.NaN, sampleTokenizer().nTokens]) {
      for (const decode of [
        () => sampleTokenizer().decode([id]),
        () => sampleTokenizer().tokenBytes(id),
        () => sampleTokenizer().createDecoder().push(id),
      ]) {
        assert.throws(decode, (error) => isToolkitError(error) && error.code === 'BAD_TOKEN_ID');
      }
    }
  });

  it('gives copies of token bytes, so that callers cannot change the tokenizer', () => {
    const [id] = sampleTokenizer().encode('a');
    sampleTokenizer().tokenBytes(id!).fill(0);
    assert.equal(sampleTokenizer().decode([id!]), 'a');
  });
});

describe('a streaming decoder', () => {
  it('holds the bytes of a character back until it is complete', () => {
    const tokenizer = sampleTokenizer();
    const decoder = tokenizer.createDecoder();
    const parts = tokenizer.encode('a🦙b').map((id) => decoder.push(id));
    assert.deepEqual(
      parts.filter((part) => part !== ''),
      ['a', '🦙', 'b'],
    );
    assert.equal(decoder.flush(), '');
  });

  it('flushes half an emoji once, as U+FFFD, and then starts anew', () => {
    const tokenizer = sampleTokenizer();
    const decoder = tokenizer.createDecoder();
    const half = tokenizer.encode('🦙').slice(0, 3);
    assert.equal(half.map((id) => decoder.push(id)).join(''), '');
    assert.equal(decoder.flush(), '\ufffd');
    assert.equal(decoder.flush(), '');
    assert.equal(decoder.push(tokenizer.encode('a')[0]!), 'a');
  });

  it('leaves special tokens out when asked, also between the bytes of a character', () => {
    const tokenizer = sampleTokenizer();
    const ids = tokenizer.encode('é');
    ids.splice(1, 0, tokenizer.specialId('<|eot_id|>')!);
    const decoder = tokenizer.createDecoder({ skipSpecial: true });
    assert.equal(ids.map((id) => decoder.push(id)).join('') + decoder.flush(), 'é');
  });

  it('gives in all the text that decoding at once gives, for any tokens', () => {
    for (const tokenizer of [sampleTokenizer(), llamaTokenizer()]) {
      // The first 256 ids are single bytes: runs of them are mostly not UTF-8.
      const id = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: tokenizer.nTokens - 1 }));
      fc.assert(
        fc.property(fc.array(id, { maxLength: 40 }), fc.boolean(), (ids, skipSpecial) => {
          const decoder = tokenizer.createDecoder({ skipSpecial });
          const streamed = ids.map((each) => decoder.push(each)).join('') + decoder.flush();
          assert.equal(streamed, tokenizer.decode(ids, { skipSpecial }));
        }),
        { numRuns: 500 },
      );
    }
  });
});
