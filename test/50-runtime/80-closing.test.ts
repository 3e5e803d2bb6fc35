// A model that is closed at any moment: whatever is under way ends, and every later call is refused.

import { strict as assert } from 'node:assert';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openFile, type ToolkitError } from '@llama-ts/base';
import { evaluateText } from '@llama-ts/evaluate';
import { exportModel, openCheckpoint } from '@llama-ts/exporter';
import { type BackendName, probeBackends } from '@llama-ts/kernels';
import {
  createChat,
  createEngine,
  generate,
  generateAnswers,
  type Model,
  openModel,
  readSession,
  writeSession,
} from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import { seededRandom } from '../helpers/random-text.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-closing-test-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'model.bin');
const sessionFile = path.join(folder, 'talk.session');
/** Far longer than any pass takes; a call that has not settled by then hangs. */
const HANG_MS = 20_000;
const MOMENTS = 2;
const MAX_DELAY_MS = 25;
const prompt = 'Once upon a time there was';
const options = { maxTokens: 200, temperature: 0 };

/** Work that takes a while. It is set up while the model is open, and started afterwards. */
const entries: Readonly<Record<string, (model: Model) => () => Promise<unknown>>> = {
  generate: (model) => () => readAll(generate(model, prompt, options)),
  'generate with drafts': (model) => () => readAll(generate(model, prompt, { ...options, speculate: true })),
  generateAnswers: (model) => async () => {
    for await (const { events } of generateAnswers(model, prompt, 3, options)) await readAll(events);
  },
  'an engine': (model) => {
    const engine = createEngine(model, { maxSequences: 2 });
    return () => Promise.all(Array.from({ length: 4 }, async () => readAll(engine.submit(prompt, { maxTokens: 50 }))));
  },
  'an engine that is closed as well': (model) => {
    const engine = createEngine(model);
    return async () => {
      const answer = readAll(engine.submit(prompt, options));
      await Promise.all([answer, delay(5).then(() => engine.close())]).catch((error: unknown) => {
        if ((error as ToolkitError).code !== 'ENGINE_CLOSED') throw error;
      });
      await engine.close();
      model.closed.throwIfAborted();
    };
  },
  'a chat': (model) => {
    const chat = createChat(model, options);
    return async () => {
      await readAll(chat.send('Hi'));
      await readAll(chat.send('And then?'));
    };
  },
  forward: (model) => {
    const cache = model.createCache();
    return async () => {
      for (let position = 0; position < 200; position++) await model.forward([{ cache, position, tokens: [5] }]);
    };
  },
  'forward with a signal': (model) => {
    const cache = model.createCache();
    const { signal } = new AbortController();
    return async () => {
      for (let position = 0; position < 200; position++)
        await model.forward([{ cache, position, tokens: [5] }], { signal });
    };
  },
  softmax: (model) => {
    const cache = model.createCache();
    return async () => {
      const logits = await model.forward([{ cache, position: 0, tokens: [5] }]);
      for (let i = 0; i < 500; i++) await model.softmax(logits, 1);
    };
  },
  turn: (model) => async () => {
    await Promise.all(Array.from({ length: 50 }, () => model.withLock(() => delay(1))));
  },
  evaluateText: (model) => () =>
    readAll(evaluateText(model, 'One two three four five six. '.repeat(60), { window: 64 })),
  'evaluateText with a baseline': (model) => () =>
    readAll(evaluateText(model, 'One two three four five six. '.repeat(40), { baseline: model, window: 64 })),
  checksum: (model) => async () => {
    for (let i = 0; i < 200; i++) {
      await model.checksum();
      await delay(0);
    }
  },
  writeSession: (model) => {
    const { session } = createChat(model);
    return async () => {
      for (let i = 0; i < 200; i++) await writeSession(model, session, { writeAt: () => delay(0) as Promise<never> });
    };
  },
  readSession: (model) => async () => {
    const source = await openFile(sessionFile);
    try {
      for (let i = 0; i < 50; i++) await readSession(model, source);
    } finally {
      await source.close();
    }
  },
};

describe('closing a model', () => {
  let backends: BackendName[] = [];

  before(async () => {
    const source = await openCheckpoint(sampleModelPath);
    for await (const _ of exportModel({ source, output: file, version: 2 }));
    await source.close();
    const here = (await probeBackends()).filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
    backends = [...new Set([here[0]!, 'generic', 'wasm', 'reference'] as const)].filter((name) => here.includes(name));
    const model = await openModel(file);
    const chat = createChat(model, { maxTokens: 3 });
    await readAll(chat.send('Hi'));
    const bytes: Uint8Array[] = [];
    await writeSession(model, chat.session, { writeAt: async (piece) => void bytes.push(piece.slice()) });
    fs.writeFileSync(sessionFile, Buffer.concat(bytes));
    await model.close();
  });

  for (const [name, prepare] of Object.entries(entries)) {
    it(`at a random moment ends ${name} and waits for it, on every backend`, async () => {
      const random = seededRandom(name.length);
      for (const backend of backends) {
        for (let moment = 0; moment < MOMENTS; moment++) {
          const model = await openModel(file, { backend, context: 256, threads: 1 + (moment % 2) });
          const after = Math.floor(random() * MAX_DELAY_MS);
          const start = prepare(model);
          const work = outcome(start());
          await delay(after);
          const where = `${backend}, after ${after} ms`;
          const [first, second] = [model.close(), model.close()];
          assert.deepEqual(await settled([first, second], `${where}: close`), [undefined, undefined]);
          const [end] = await settled([work], `${where}: the work`);
          assert.ok(end === 'ended' || end === 'MODEL_CLOSED', `${where}: ${end}`);
          const [again] = await settled([outcome(start())], `${where}: a later call`);
          assert.equal(again, 'MODEL_CLOSED', where);
        }
      }
    }).timeout(120_000);
  }

  it('makes it refuse new work, and aborts its signal', async () => {
    const model = await openModel(file);
    const { session } = createChat(model);
    await model.close();
    assert.equal((model.closed.reason as ToolkitError).code, 'MODEL_CLOSED');
    for (const begin of [
      () => createChat(model),
      () => createChat(model, { session }),
      () => createEngine(model),
      () => model.createCache(),
    ]) {
      assert.throws(begin, { code: 'MODEL_CLOSED' });
    }
    assert.ok(model.tokenizer!.encode('text').length > 0);
  });

  it('ends a long prompt after the running pass', async () => {
    const model = await openModel(file, { backend: 'wasm', threads: 1 });
    const tokens = Array.from({ length: 2000 }, (_, i) => i % 300);
    const work = outcome(readAll(generate(model, tokens, { prefillChunk: 2000 })));
    await delay(5);
    await model.close();
    assert.equal(await work, 'MODEL_CLOSED');
  });
});

async function readAll(events: AsyncIterable<unknown> | AsyncGenerator<unknown, unknown>): Promise<void> {
  for await (const _ of events);
}

/** `ended`, or the code of the error. */
async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ended',
    (error: unknown) => (error as ToolkitError).code ?? String(error),
  );
}

async function settled<T>(work: readonly Promise<T>[], what: string): Promise<readonly T[]> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG_MS);
  });
  try {
    return await Promise.race([Promise.all(work), hang]);
  } finally {
    clearTimeout(timer);
  }
}
