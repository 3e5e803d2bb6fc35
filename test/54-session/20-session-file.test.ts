import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import { createChat, type Model, openModel, readSession, type Session, writeSession } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import fc from 'fast-check';
import { bits, modelFile } from '../50-runtime/support.js';
import { said, sessionBytes, sessionOf } from './support.js';

const HEADER_BYTES = 64;
const context = 512;

describe('a saved session', () => {
  let model: Model;
  let file: string;
  let session: Session;
  let bytes: Uint8Array;
  before(async () => {
    file = await modelFile('sample', 2);
    model = await openModel(file, { context });
    const chat = createChat(model, { system: 'Be brief.', seed: 7, temperature: 1, maxTokens: 12 });
    await said(chat.send('Tell me a story about a fox.'));
    await said(chat.send('Where did it live?'));
    session = chat.session;
    bytes = await sessionBytes(model, session);
  });
  after(() => model.close());

  for (const type of ['f32', 'f16'] as const) {
    it(`goes on with the same tokens in another process and context, with a cache of ${type}`, async () => {
      const options = { seed: 11, temperature: 1, maxTokens: 12 };
      const chat = createChat(model, { ...options, cacheType: type });
      await said(chat.send('Tell me a story about a fox.'));
      const saved = await sessionBytes(model, chat.session);
      const expected = [await said(chat.send('And then?')), await said(chat.send('Why?'))];

      const later = await openModel(file, { context: 300 });
      try {
        // Without a seed: the session has the state of the random numbers.
        const resumed = createChat(later, { temperature: 1, maxTokens: 12, session: await sessionOf(later, saved) });
        assert.deepEqual([await said(resumed.send('And then?')), await said(resumed.send('Why?'))], expected);
        assert.ok(expected[0]!.nCached > 40, 'what was saved is not computed again');
      } finally {
        await later.close();
      }
    });
  }

  it('has the KV cache that computing its tokens again gives, bit for bit', async () => {
    const read = await sessionOf(model, bytes);
    assert.deepEqual({ ...read, cache: null }, { ...session, cache: null });
    const { tokens } = read;
    const fresh = model.createCache();
    await model.forward([{ cache: fresh, position: 0, tokens }], { logits: 'none' });
    const next = { position: tokens.length, tokens: [64] };
    const expected = bits(await model.forward([{ ...next, cache: fresh }]));
    assert.deepEqual(bits(await model.forward([{ ...next, cache: read.cache }])), expected);
  });

  it('has the same bytes when it is saved again', async () => {
    assert.deepEqual(await sessionBytes(model, await sessionOf(model, bytes, 400)), bytes);
  });

  it('of a conversation that has not begun is saved and resumed too', async () => {
    const chat = createChat(model, { system: 'Be brief.' });
    const read = await sessionOf(model, await sessionBytes(model, chat.session));
    assert.deepEqual(createChat(model, { session: read }).messages, [{ role: 'system', content: 'Be brief.' }]);
  });

  it('is refused when any byte of it differs', async () => {
    const ends = [0, 8, 12, 16, 20, 24, 63, HEADER_BYTES, bytes.length - 33, bytes.length - 1];
    const offsets = fc.oneof(fc.constantFrom(...ends), fc.nat(bytes.length - 1));
    await fc.assert(
      fc.asyncProperty(offsets, fc.integer({ min: 1, max: 255 }), async (offset, change) => {
        const damaged = bytes.slice();
        damaged[offset]! ^= change;
        const codes = ['BAD_SESSION', 'SESSION_OF_ANOTHER_MODEL'];
        await assert.rejects(sessionOf(model, damaged), ({ code }) => codes.includes(code));
      }),
      { numRuns: 150 },
    );
  });

  it('is refused when it ends too early or too late', async () => {
    for (const byteLength of [0, 7, 63, 64, 65, bytes.length >> 1, bytes.length - 1]) {
      await assert.rejects(sessionOf(model, bytes.slice(0, byteLength)), { code: 'BAD_SESSION' });
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    await assert.rejects(sessionOf(model, longer), { code: 'BAD_SESSION' });
  });

  it('allocates nothing for lengths that exceed the file', async () => {
    const wary = {
      ...model,
      createCache() {
        throw new Error('room was made');
      },
    };
    for (const [offset, value] of [
      [16, 0xffffffff],
      [20, 0xffffffff],
      [20, 64 * 1024 * 1024],
      [16, session.tokens.length + 1],
    ] as const) {
      const damaged = bytes.slice();
      new DataView(damaged.buffer).setUint32(offset, value, true);
      await assert.rejects(sessionOf(wary, damaged), { code: 'BAD_SESSION' });
    }
  });

  it('is refused in a context that is too short for it by an error with both numbers', async () => {
    const n = session.tokens.length;
    await assert.rejects(sessionOf(model, bytes, n - 1), {
      code: 'CONTEXT_EXCEEDED',
      message: new RegExp(`${n} tokens, expected at most ${n - 1}`),
    });
    assert.equal((await sessionOf(model, bytes, n)).cache.seqLen, n);
  });

  it('is read from a path too, and its file is closed then, even if it is damaged', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-session-'));
    const saved = path.join(folder, 'talk.session');
    const nOpen = () =>
      process.platform !== 'linux'
        ? 0
        : fs.readdirSync('/proc/self/fd').filter((fd) => {
            try {
              return fs.readlinkSync(`/proc/self/fd/${fd}`) === fs.realpathSync(saved);
            } catch {
              return false;
            }
          }).length;
    try {
      fs.writeFileSync(saved, bytes);
      assert.deepEqual((await readSession(model, saved)).tokens, session.tokens);
      fs.writeFileSync(saved, bytes.subarray(0, -1));
      await assert.rejects(readSession(model, saved), { code: 'BAD_SESSION' });
      assert.equal(nOpen(), 0);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('is neither written nor read once the signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    const sink = {
      async writeAt() {
        throw new Error('written');
      },
    };
    await assert.rejects(writeSession(model, session, sink, { signal }), /stopped/);
    const source = {
      name: 'x',
      byteLength: 64,
      async read() {
        throw new Error('read');
      },
      async readInto() {
        throw new Error('read');
      },
      async close() {},
    };
    await assert.rejects(readSession(model, source, { signal }), /stopped/);
  });

  describe('given to another model', () => {
    /** Reads the session with a model file, perhaps with other settings. */
    async function readWith(binFile: string, options: Parameters<typeof openModel>[1] = {}) {
      const other = await openModel(binFile, { context, ...options });
      try {
        return await sessionOf(other, bytes);
      } finally {
        await other.close();
      }
    }

    it('is refused for other weights of the same shape', async () => {
      const other = path.join(path.dirname(file), 'other-weights.bin');
      const plain = path.join(path.dirname(file), 'plain.bin');
      for await (const _ of exportModel({ source: sampleModelPath, output: plain, version: 2, plain: true }));
      const { ropeTheta, ropeScaling } = model.settings;
      const settings = { ropeTheta, ropeScaling };
      // The same weights without a trailer are the same model: their checksums are computed from the file.
      assert.deepEqual((await readWith(plain, { settings })).tokens, session.tokens);

      const weights = fs.readFileSync(plain);
      weights[weights.length - 1]! ^= 1;
      fs.writeFileSync(other, weights);
      await assert.rejects(readWith(other, { settings }), { code: 'SESSION_OF_ANOTHER_MODEL' });
    });

    it('is refused for another shape, version or RoPE', async () => {
      const refused = { code: 'SESSION_OF_ANOTHER_MODEL' };
      await assert.rejects(readWith(await modelFile('tied-gqa-bf16', 2), { context: 32 }), refused);
      await assert.rejects(readWith(await modelFile('sample', 1)), refused);
      await assert.rejects(readWith(file, { settings: { ropeTheta: 10000 } }), refused);
    });
  });
});
