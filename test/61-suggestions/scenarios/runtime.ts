// Models, prompts, conversations and sessions that do not fit together.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFile } from '@llama-ts/base';
import { readBinFile } from '@llama-ts/format';
import {
  createChat,
  createEmbedder,
  createEngine,
  createTokenizer,
  type Embedder,
  type Engine,
  encodeChat,
  generate,
  type Model,
  openModel,
  regex,
} from '@llama-ts/runtime';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const LONG = 'Once upon a time there was a fox. '.repeat(20);
const fill = { REPO_OR_DIR: 'checkpoint', 'TOKENIZER.bin': 'tokenizer.bin', 'MODEL.bin': 'model.bin' };

/** Works with a model of the folder, and closes it. */
async function withModel<T>(s: Situation, use: (model: Model) => Promise<T>, context = 2048): Promise<T> {
  const model = await openModel(s.path('model.bin'), { context, threads: 1 });
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

async function drained(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

/** Submits two requests at once, and closes the engine. */
async function submitTwo(engine: Engine): Promise<void> {
  try {
    await Promise.all(['One', 'Two'].map((prompt) => drained(engine.submit(prompt, { maxTokens: 1 }))));
  } finally {
    await engine.close();
  }
}

/** Asks for embeddings twice at once. */
async function embedTwice(embedder: Embedder): Promise<void> {
  await Promise.all([embedder.embed(['One']), embedder.embed(['Two'])]);
}

const takeModel = (s: Situation): Promise<string> => s.take('model.bin');
const number = (text: string | null | undefined, otherwise: number): number => (text ? Number(text) : otherwise);

async function saveSession(s: Situation, args: string): Promise<void> {
  const { exitCode, stderr } = await s.run(`printf 'Hi\\n/save talk.session\\n' | llama chat ${args}`);
  if (exitCode !== 0 || /\[[A-Z_]+\]/.test(stderr)) throw new Error(stderr);
}

export const runtimeScenarios: readonly Scenario[] = [
  {
    title: 'a closed model',
    code: 'MODEL_CLOSED',
    prepare: takeModel,
    async call(s) {
      const model = await openModel(s.path('model.bin'), { threads: 1 });
      await model.close();
      await drained(generate(model, 'Once', { maxTokens: 1 }));
    },
    scope: (s) => ({
      path: s.path('model.bin'),
      openModel: async (path: string) => (await openModel(path, { threads: 1 })).close(),
    }),
  },
  {
    title: 'two passes of one model at once',
    code: 'MODEL_BUSY',
    prepare: takeModel,
    call: (s) => withModel(s, (model) => Promise.all([passOf(model), passOf(model)])),
    async scope(s) {
      const model = await openModel(s.path('model.bin'), { threads: 1 });
      s.defer(() => model.close());
      const batch = [{ cache: model.createCache(), position: 0, tokens: [1, 2] }];
      return {
        batch,
        createEngine: (of: Model) => createEngine(of).close(),
        model: new Proxy(model, {
          get: (target, name) =>
            name === 'withLock'
              ? (work: () => Promise<unknown>) => Promise.all([target.withLock(work), target.withLock(work)])
              : Reflect.get(target, name),
        }),
      };
    },
  },
  {
    title: 'a closed engine',
    code: 'ENGINE_CLOSED',
    prepare: takeModel,
    call: (s) =>
      withModel(s, async (model) => {
        const engine = createEngine(model);
        await engine.close();
        await drained(engine.submit('Once', { maxTokens: 1 }));
      }),
    async scope(s) {
      const model = await openModel(s.path('model.bin'), { threads: 1 });
      s.defer(() => model.close());
      return {
        model,
        createEngine: async (of: Model) => {
          const engine = createEngine(of);
          await drained(engine.submit('Once', { maxTokens: 1 }));
          await engine.close();
        },
      };
    },
  },
  {
    title: 'a request to an engine whose queue is full',
    code: 'QUEUE_FULL',
    prepare: takeModel,
    call: (s) => withModel(s, (model) => submitTwo(createEngine(model, { maxSequences: 1, maxWaiting: 0 }))),
    async scope(s) {
      const model = await openModel(s.path('model.bin'), { threads: 1 });
      s.defer(() => model.close());
      return {
        model,
        createEngine: (of: Model) => submitTwo(createEngine(of, { maxSequences: 1 })),
      };
    },
  },
  {
    title: 'a request to an embedder whose queue is full',
    code: 'QUEUE_FULL',
    prepare: takeModel,
    call: (s) => withModel(s, (model) => embedTwice(createEmbedder(model, { maxWaiting: 0 }))),
    async scope(s) {
      const model = await openModel(s.path('model.bin'), { threads: 1 });
      s.defer(() => model.close());
      return { model, createEmbedder: (of: Model) => embedTwice(createEmbedder(of)) };
    },
  },
  {
    title: 'a plain file of an unknown model to be run',
    code: 'SETTINGS_UNKNOWN',
    async prepare(s) {
      await s.take('plain.bin');
      await s.take('checkpoint');
    },
    command: 'llama run plain.bin -z ../../tokenizer.bin -n 1 -i Once',
    fill,
    checks: [[/^export it again/, async (s) => succeeds(s, 'llama run plain.bin -n 1 -i Once')]],
  },
  {
    title: 'a file without a tokenizer to be run',
    code: 'NO_TOKENIZER',
    async prepare(s) {
      for (const name of ['plain.bin', 'tokenizer.bin', 'checkpoint']) await s.take(name);
    },
    command: 'llama run plain.bin -n 1 -i Once --rope-theta 500000 --rope-scaling none',
    fill,
    checks: [[/llama export model\.bin/, (s) => succeeds(s, 'llama run model.bin -n 1 -i Once')]],
  },
  {
    title: 'a model without a chat template',
    code: 'NO_CHAT_TEMPLATE',
    async prepare(s) {
      for (const name of ['base.bin', 'checkpoint']) await s.take(name);
    },
    command: 'echo Hi | llama chat base.bin',
    fill,
    checks: [[/llama export chat\.bin/, (s) => succeeds(s, 'echo Hi | llama chat chat.bin')]],
  },
  {
    title: 'a prompt longer than the context that was asked for',
    code: 'CONTEXT_EXCEEDED',
    prepare: takeModel,
    command: `llama run model.bin -n 1 --context 32 -i '${LONG}'`,
    acts: [[/^shorten the prompt/, () => ({ command: 'llama run model.bin -n 1 --context 32 -i Once' })]],
  },
  {
    title: 'a conversation longer than the context that was asked for',
    code: 'CONTEXT_EXCEEDED',
    prepare: takeModel,
    call: (s, flags) =>
      withModel(
        s,
        async (model) => {
          const chat = createChat(model);
          const whenFull = flags.get('when-full') === 'shift' ? 'shift' : 'stop';
          for (let i = 0; i < 12; i++) await drained(chat.send('Tell me a story.', { maxTokens: 8, whenFull }));
        },
        number(flags.get('context'), 96),
      ),
  },
  {
    title: 'a conversation longer than the positions that it was given',
    code: 'CONTEXT_EXCEEDED',
    prepare: takeModel,
    command: 'llama chat model.bin Hi -n 8 --max-tokens 2',
  },
  {
    title: 'a session longer than the positions that it was given',
    code: 'CONTEXT_EXCEEDED',
    async prepare(s) {
      await takeModel(s);
      await saveSession(s, 'model.bin');
    },
    command: 'echo Hi | llama chat model.bin --session talk.session -n 8 --max-tokens 2',
  },
  {
    title: 'a message longer than the context that was asked for',
    code: 'CONTEXT_EXCEEDED',
    prepare: takeModel,
    call: (s, flags) =>
      withModel(
        s,
        async (model) => {
          const isShortened = (await readFile(s.path('shortened'), 'utf8').catch(() => '')) !== '';
          await drained(createChat(model).send(isShortened ? 'Hi' : LONG, { maxTokens: 8 }));
        },
        number(flags.get('context'), 96),
      ),
  },
  {
    title: 'stop strings with a constraint',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    call: (s, flags) =>
      withModel(s, (model) =>
        drained(generate(model, 'Once', { constraint: regex('ab'), stop: flags.has('stop') ? [] : ['a'] })),
      ),
  },
  {
    title: 'a stop id that is text with a constraint',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    call: (s, flags) =>
      withModel(s, (model) =>
        drained(generate(model, 'Once', { constraint: regex('ab'), stopIds: flags.has('stop-id') ? [] : [100] })),
      ),
  },
  {
    title: 'weights that give NaN',
    code: 'NON_FINITE',
    async prepare(s) {
      for (const name of ['plain.bin', 'checkpoint']) await s.take(name);
      const file = await openFile(s.path('plain.bin'));
      const { layout } = await readBinFile(file).finally(() => file.close());
      const { byteOffset } = layout.tensors.find(({ name }) => name === 'layers.0.attention.wq.weight')!;
      const bytes = await readFile(s.path('plain.bin'));
      bytes.writeFloatLE(Number.NaN, byteOffset);
      await writeFile(s.path('plain.bin'), bytes);
    },
    command: 'llama run plain.bin -z ../../tokenizer.bin -n 1 -i Once --rope-theta 500000 --rope-scaling none',
    fill,
    checks: [[/export them again/, (s) => succeeds(s, 'llama run plain.bin -n 1 -i Once')]],
  },
  {
    title: 'a tokenizer whose tokens are in disorder',
    code: 'BAD_TOKENIZER',
    prepare: (s) => s.take('checkpoint'),
    async call(s) {
      const file = await openFile(join(s.folder, '../../model.bin'));
      const { trailer } = await readBinFile(file).finally(() => file.close());
      createTokenizer({ ...trailer!.tokenizer!, nTokens: trailer!.tokenizer!.nTokens + 1 });
    },
    fill,
  },
  {
    title: 'half a surrogate pair in a prompt',
    code: 'LONE_SURROGATE',
    prepare: takeModel,
    call: (s) => withModel(s, (model) => drained(generate(model, 'a\ud83d', { maxTokens: 1 }))),
    scope: () => ({ text: 'a\ud83d' }),
    checks: [
      [/toWellFormed/, (s, { stdout }) => withModel(s, (model) => drained(generate(model, stdout, { maxTokens: 1 })))],
    ],
  },
  {
    title: 'a message that is not plain data',
    code: 'BAD_CHAT_INPUT',
    prepare: takeModel,
    call: (s) => chatOf(s, [{ role: 'user', content: 'Hi', at: new Date(0) } as never]),
    scope: () => ({ value: [{ role: 'user', content: 'Hi', at: new Date(0) }] }),
    checks: [[/JSON\.parse/, (s, { stdout }) => chatOf(s, JSON.parse(stdout))]],
  },
  {
    title: 'a message without a role',
    code: 'BAD_CHAT_INPUT',
    prepare: takeModel,
    call: (s) => chatOf(s, [{ content: 'Hi' } as never]),
    scope: () => ({ messages: [{ content: 'Hi' }] }),
    checks: [[/^give each message a role/, (s, { stdout }) => chatOf(s, JSON.parse(stdout))]],
  },
  {
    title: 'a begin token that the tokenizer does not have',
    code: 'UNKNOWN_SPECIAL_TOKEN',
    prepare: takeModel,
    call: (s) => chatOf(s, [{ role: 'user', content: 'Hi' }], { bosToken: '<s>' }),
    async scope(s) {
      const model = await openModel(s.path('model.bin'), { threads: 1 });
      s.defer(() => model.close());
      return { tokenizer: model.tokenizer };
    },
    checks: [
      [
        /^see their names/,
        (s, { stdout }) => chatOf(s, [{ role: 'user', content: 'Hi' }], { bosToken: JSON.parse(stdout)[0] }),
      ],
    ],
  },
  {
    title: 'messages that a template refuses',
    code: 'TEMPLATE_ERROR',
    prepare: takeModel,
    call: (s) =>
      withModel(s, async (model) => {
        const isChanged = (await readFile(s.path('changed'), 'utf8').catch(() => '')) !== '';
        const template = "{% if messages[0].role != 'user' %}{{ raise_exception('user first') }}{% endif %}Hi";
        encodeChat(model.tokenizer!, template, [{ role: isChanged ? 'user' : 'assistant', content: 'Hi' }]);
      }),
    acts: [[/^change roles/, (s) => s.write('changed', 'yes')]],
  },
  {
    title: 'a damaged session',
    code: 'BAD_SESSION',
    async prepare(s) {
      await takeModel(s);
      await saveSession(s, 'model.bin');
      const bytes = await readFile(s.path('talk.session'));
      await s.write("my 'talk'.session", bytes.subarray(0, bytes.length - 1));
    },
    command: `echo Hi | llama chat model.bin --session "my 'talk'.session"`,
  },
  {
    title: 'a session of another model',
    code: 'SESSION_OF_ANOTHER_MODEL',
    async prepare(s) {
      for (const name of ['model.bin', 'v2.bin']) await s.take(name);
      await saveSession(s, 'model.bin');
    },
    command: 'echo Hi | llama chat v2.bin --session talk.session',
    fill,
  },
  {
    title: 'a session longer than the context that was asked for',
    code: 'CONTEXT_EXCEEDED',
    async prepare(s) {
      await takeModel(s);
      await saveSession(s, 'model.bin');
    },
    command: 'echo Hi | llama chat model.bin --session talk.session --context 8',
  },
  ...(['f16', 'f32'] as const).map(
    (type): Scenario => ({
      title: `a session whose cache is ${type}, with another type asked for`,
      code: 'INVALID_OPTION',
      async prepare(s) {
        await takeModel(s);
        await saveSession(s, `model.bin --cache-type ${type}`);
      },
      command: `echo Hi | llama chat model.bin --session talk.session --cache-type ${type === 'f16' ? 'f32' : 'f16'}`,
    }),
  ),
];

function passOf(model: Model): Promise<unknown> {
  return model.forward([{ cache: model.createCache(), position: 0, tokens: [1, 2] }]);
}

function chatOf(s: Situation, messages: Parameters<typeof encodeChat>[2], options = {}): Promise<void> {
  return withModel(s, async (model) => {
    encodeChat(model.tokenizer!, model.chatTemplate!, messages, options);
  });
}

async function succeeds(s: Situation, command: string): Promise<void> {
  const { exitCode, stderr } = await s.run(command);
  if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
}
