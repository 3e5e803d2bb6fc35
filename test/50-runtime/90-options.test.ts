import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import {
  answerSeed,
  type ChatMessage,
  createAnswer,
  createChat,
  createEngine,
  createRandomStream,
  createSampler,
  encodeChat,
  encodeMessages,
  encodePrompt,
  generate,
  generateAnswers,
  jsonMode,
  jsonSchema,
  type Model,
  openModel,
  readSession,
  regex,
  renderChat,
  resolveSampling,
  writeSession,
} from '@llama-ts/runtime';
import { modelFile } from './support.js';

/** Values of every type, few of which an option takes. */
const values: readonly unknown[] = [
  'text',
  '',
  3,
  Number.NaN,
  -1,
  0.5,
  1e99,
  Number.POSITIVE_INFINITY,
  true,
  false,
  null,
  [],
  [1],
  ['a'],
  [null],
  [Symbol('a')],
  {},
  { a: 1 },
  { 3: 'b' },
  { 3: 1n },
  Object.create(null),
  () => 'text',
  Symbol('s'),
  5n,
  -5n,
  new Date(Number.NaN),
  new Map([[1, 2]]),
  new Uint8Array(2),
];

const sampling = [
  ...['logitBias', 'repetitionPenalty', 'presencePenalty', 'frequencyPenalty', 'penaltyWindow', 'temperature', 'topK'],
  ...['topP', 'minP', 'typicalP', 'seed', 'referenceSampler'],
];
const answering = [...sampling, 'maxTokens', 'minTokens', 'stop', 'stopIds', 'constraint', 'logprobs', 'now'];
const submitting = [...answering, 'speculate', 'specials', 'signal'];
const template = ['dateString', 'tools', 'documents', 'variables'];
const hello: readonly ChatMessage[] = [{ role: 'user', content: 'Hi' }];

/** A public function, its options, and a call of it with some. */
interface Call {
  readonly options: readonly string[];
  readonly run: (options: object) => unknown;
}

describe('options of public functions', () => {
  let path: string;
  let model: Model;
  before(async () => {
    path = await modelFile('sample', 2);
    model = await openModel(path, { context: 64 });
  });
  after(() => model.close());

  const collect = async (events: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of events);
  };
  const sink = { writeAt: async () => undefined };
  const calls: Record<string, Call> = {
    generate: {
      options: [...submitting, 'steps', 'cache', 'cachedTokens', 'prefillChunk'],
      run: (options) => collect(generate(model, 'Once', { maxTokens: 1, ...options })),
    },
    generateAnswers: {
      options: [...submitting, 'steps', 'cache', 'prefillChunk'],
      run: async (options) => {
        for await (const { events } of generateAnswers(model, 'Once', 2, { maxTokens: 1, ...options }))
          await collect(events);
      },
    },
    submit: {
      options: [...submitting, 'steps'],
      run: (options) => collect(createEngine(model).submit('Once', { maxTokens: 1, ...options })),
    },
    createAnswer: {
      options: [...answering, 'steps', 'room'],
      run: (options) => createAnswer(model, [1], options).next(new Float32Array(model.header.dimensions.vocabSize)),
    },
    createSampler: {
      options: sampling,
      run: (options) =>
        createSampler(
          { temperature: 1, topP: 0.9, seed: 1n, referenceSampler: false, ...options },
          model.softmax,
          [1],
        ).sample(new Float32Array(model.header.dimensions.vocabSize)),
    },
    resolveSampling: { options: sampling, run: (options) => resolveSampling(model, options) },
    createEngine: {
      options: ['maxSequences', 'maxContexts', 'prefillChunk', 'maxDelayMilliseconds', 'now'],
      run: (options) => collect(createEngine(model, options).submit('Once', { maxTokens: 1 })),
    },
    createChat: {
      options: [
        ...submitting.filter((name) => name !== 'signal'),
        ...template,
        ...['prefillChunk', 'whenFull', 'system', 'templateName', 'contextLength', 'cacheType', 'session'],
      ],
      run: (options) => collect(createChat(model, { maxTokens: 1, ...options }).send('Hi')),
    },
    send: {
      options: [...submitting, 'prefillChunk', 'whenFull'],
      run: (options) => collect(createChat(model).send('Hi', { maxTokens: 1, ...options })),
    },
    answer: {
      options: [...submitting, 'prefillChunk', 'whenFull'],
      run: (options) => {
        const chat = createChat(model);
        chat.setMessages(hello);
        return collect(chat.answer({ maxTokens: 1, ...options }));
      },
    },
    encodePrompt: { options: ['specials'], run: (options) => encodePrompt(model, 'Hi', options) },
    encodeMessages: {
      options: [...template, 'today', 'addGenerationPrompt', 'templateName'],
      run: (options) => encodeMessages(model, hello, options),
    },
    encodeChat: {
      options: [...template, 'today', 'addGenerationPrompt', 'bosToken', 'eosToken', 'templateTokens'],
      run: (options) => encodeChat(model.tokenizer!, model.chatTemplate!, hello, options),
    },
    renderChat: {
      options: [...template, 'today', 'addGenerationPrompt', 'bosToken', 'eosToken', 'templateTokens'],
      run: (options) => renderChat(model.tokenizer!, model.chatTemplate!, hello, options),
    },
    openModel: {
      options: ['context', 'cacheType', 'backend', 'threads', 'map', 'chatTemplate', 'settings', 'tokenizer', 'signal'],
      run: async (options) => (await openModel(path, { backend: 'reference', ...options })).close(),
    },
    'settings of openModel': {
      options: ['ropeTheta', 'ropeScaling', 'normEpsilon', 'bosId', 'eosIds', 'prefixIds', 'suffixIds'],
      run: async (settings) => (await openModel(path, { backend: 'reference', settings })).close(),
    },
    createCache: { options: ['type', 'positions'], run: (options) => model.createCache(options) },
    writeSession: {
      options: ['signal'],
      run: (options) => writeSession(model, createChat(model).session, sink, options),
    },
    readSession: {
      options: ['contextLength', 'signal'],
      run: (options) =>
        readSession(
          model,
          { name: 'x', byteLength: 0, read: async () => new Uint8Array(0), readInto: async () => undefined } as never,
          options,
        ),
    },
  };

  for (const [name, { options, run }] of Object.entries(calls)) {
    it(`of ${name} that have a wrong type are refused by an error with a code, and undefined ones count as absent`, async () => {
      for (const option of options) {
        for (const value of values) {
          await succeedOrRefuse(() => run({ [option]: value }), `${option}: ${show(value)}`);
        }
      }
      const nothing = Object.fromEntries(options.map((option) => [option, undefined]));
      // A sampler has no defaults for these, and the session is invalid.
      if (name === 'createSampler' || name === 'readSession') return;
      await run({ ...nothing, ...(options.includes('maxTokens') ? { maxTokens: 1 } : {}) });
    });

    it(`of ${name} that do not exist are refused with the option that was meant`, async () => {
      for (const option of options.filter((name) => name.length > 3)) {
        const typo = option.slice(0, 2) + option.slice(3);
        const error = await failureOf(() => run({ [typo]: undefined }));
        assert.ok(isToolkitError(error), String(error));
        assert.equal(error.code, 'INVALID_OPTION');
        assert.match(error.message, new RegExp(`"${typo}".*expected perhaps `));
      }
      for (const given of ['constructor', '__proto__x', 'toString', 'q']) {
        const error = await failureOf(() => run({ [given]: 1 }));
        assert.ok(isToolkitError(error) && error.code === 'INVALID_OPTION', `${given}: ${error}`);
      }
    });
  }

  it('are refused when they are no object', async () => {
    for (const value of values.filter((value) => !isObject(value))) {
      for (const run of [
        () => collect(generate(model, 'a', value as object)),
        () => createChat(model, value as object),
        () => createEngine(model, value as object),
        () => collect(createChat(model).send('a', value as object)),
        () => openModel(path, value as object),
        () => encodePrompt(model, 'a', value as object),
        () => encodeMessages(model, hello, value as object),
      ]) {
        const error = await failureOf(run);
        assert.ok(isToolkitError(error) && error.code === 'INVALID_OPTION', `${show(value)}: ${error}`);
      }
    }
  });

  it('are refused with the name of the nearest option', async () => {
    await assert.rejects(collect(generate(model, 'x', { maxTokns: 3 } as object)), {
      code: 'INVALID_OPTION',
      message: 'unknown option "maxTokns" of generate, expected perhaps maxTokens',
    });
  });

  it('accept a stop string without a list', async () => {
    const said = async (stop?: string | string[]): Promise<string> => {
      let text = '';
      for await (const event of generate(model, 'Once upon a time', { temperature: 0, maxTokens: 20, stop })) {
        if (event.type !== 'prompt-end') text += event.text;
      }
      return text;
    };
    const whole = await said();
    const stop = whole.slice(10, 12);
    assert.equal(await said(stop), whole.slice(0, whole.indexOf(stop)));
    assert.equal(await said(stop), await said([stop]));
  });

  it('and wrong positional arguments are refused by errors with a code', async () => {
    const { tokenizer, chatTemplate } = model;
    const sparse = new Array<number>(2);
    const strays = [...values, sparse, [{ role: 'user', content: 'Hi' }], [1, '2'], undefined].filter(
      (value) => value !== 0,
    );
    for (const value of strays) {
      const given = value as never;
      for (const run of [
        () => collect(generate(model, given, { maxTokens: 1 })),
        () => collect(generateAnswers(model, given, 1)),
        () => collect(generateAnswers(model, 'a', typeof value === 'number' && value > 3 ? Number.NaN : given)),
        () => collect(createEngine(model).submit(given, { maxTokens: 1 })),
        () => collect(createChat(model).send(given, { maxTokens: 1 })),
        () => createChat(model).setMessages(given),
        () => createAnswer(model, given),
        () => encodePrompt(model, given),
        () => encodeMessages(model, given),
        () => encodeMessages(model, [given]),
        () => encodeMessages(model, [{ role: given, content: 'Hi' }]),
        () => encodeMessages(model, [{ role: 'user', content: given }]),
        () => encodeMessages(model, [{ role: 'user', content: [given] }]),
        () => encodeChat(tokenizer!, given, hello),
        () => encodeChat(tokenizer!, chatTemplate!, given),
        () => jsonSchema(given),
        () => regex(given),
        () => answerSeed(given, 1),
        () => answerSeed(1n, given),
        () => createRandomStream(given),
        () => openModel(given),
        () => generate(given, 'a').next(),
        () => createChat(given),
        () => createEngine(given),
        () => encodePrompt(given, 'a'),
        () => encodeMessages(given, hello),
      ]) {
        await succeedOrRefuse(run, `${show(value)} in ${run}`);
      }
    }
    for (const prompt of [3, null, undefined, {}, hello, ['a'], sparse, [1n], [-1]]) {
      await assert.rejects(collect(generate(model, prompt as never)), { code: 'INVALID_OPTION' });
      assert.throws(() => createEngine(model).submit(prompt as never), { code: 'INVALID_OPTION' });
    }
    await assert.rejects(collect(generate(openModel(path) as never, 'a')), {
      code: 'INVALID_OPTION',
      message: /promise/,
    });
    await collect(generate(model, 'a', { constraint: jsonMode(), maxTokens: 1 }));
  });
});

describe('content of a message in parts', () => {
  const reading =
    '{% for m in messages %}{% for part in m.content %}<{{ part.type }}>{{ part.text }}{% endfor %}{% endfor %}';
  const plain = '{% for m in messages %}{{ m.role }}: {{ m.content | trim }}{% endfor %}';
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 64 });
  });
  after(() => model.close());
  const render = (chatTemplate: string, content: unknown, role = 'user'): string =>
    model.tokenizer!.decode(encodeMessages({ ...model, chatTemplate }, [{ role, content }]));
  const text = (text: string) => ({ type: 'text', text });

  it('is joined for a template that reads text, and passed on to one that reads parts', () => {
    assert.equal(render(plain, [text('Hi'), text('there')]), 'user: Hi\nthere');
    assert.equal(render(reading, [text('Hi'), text('there')]), '<text>Hi<text>there');
    assert.deepEqual(
      encodeMessages(model, [{ role: 'user', content: [text('Hi')] }]),
      encodeMessages(model, [{ role: 'user', content: 'Hi' }]),
    );
  });

  it('is joined for the template of a chat, whose history has it as it was given', async () => {
    const chat = createChat(model, { temperature: 0, maxTokens: 1 });
    for await (const _ of chat.send({ role: 'user', content: [text('Hi')] }));
    assert.deepEqual(chat.messages[0], { role: 'user', content: [text('Hi')] });
    await assert.rejects(chat.send({ role: 'user', content: [{ type: 'image_url' }] }).next(), {
      code: 'BAD_CHAT_INPUT',
    });
  });

  it('is refused when a part is no text', () => {
    for (const type of ['image_url', 'image', 'input_audio', 'video', 'file']) {
      for (const template of [plain, reading]) {
        assert.throws(() => render(template, [text('Look'), { type, [type]: {} }]), {
          code: 'BAD_CHAT_INPUT',
          message: new RegExp(`^messages\\[0\\]\\.content\\[1\\]: a part of type "${type}"`),
        });
      }
    }
    assert.throws(() => render(plain, [{ type: 'text', text: 3 }]), { code: 'BAD_CHAT_INPUT' });
    assert.throws(() => render(plain, [{ type: 'thought', text: 'Hm' }]), { code: 'BAD_CHAT_INPUT' });
  });

  it('in the result of a tool is passed on as data', () => {
    const template = '{{ messages[0].content | tojson }}';
    assert.equal(render(template, [text('Hi')], 'tool'), '[{"type": "text", "text": "Hi"}]');
  });
});

async function failureOf(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return null;
}

async function succeedOrRefuse(run: () => unknown, what: string): Promise<void> {
  const error = await failureOf(run);
  assert.ok(error === null || isToolkitError(error), `${what}: ${(error as Error | null)?.stack}`);
}

function isObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}
