// Calls of the library with one thing in the place of another.

import {
  createChat,
  encodeMessages,
  type GenerateOptions,
  generate,
  jsonSchema,
  type Model,
  openModel,
  readSession,
} from '@llama-ts/runtime';
import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

/** An answer of one token, with whatever a program passes. */
async function answer(model: unknown, prompt: unknown, options: object = {}): Promise<void> {
  const events = generate(model as Model, prompt as string, { maxTokens: 1, ...options } as GenerateOptions);
  for await (const _ of events);
}

async function useModel(s: Situation, use: (model: Model) => unknown): Promise<void> {
  const model = await openModel(s.path('model.bin'), { threads: 1 });
  try {
    await use(model);
  } finally {
    await model.close();
  }
}

/** A model that lives as long as the situation. */
async function keptModel(s: Situation): Promise<Model> {
  const model = await openModel(s.path('model.bin'), { threads: 1 });
  s.defer(() => model.close());
  return model;
}

/** Alternatives that differ in their first item, or in their last. */
const readings = (n: number, isFirst: boolean): object => ({
  anyOf: Array.from({ length: n }, (_, i) => {
    const items = [{ const: i }, { type: 'string' }];
    return { type: 'array', prefixItems: isFirst ? items : items.toReversed(), minItems: 2, items: false };
  }),
});

const takeModel = (s: Situation): Promise<string> => s.take('model.bin');
const messages = [{ role: 'user', content: 'Hi' }];
const image = { type: 'image_url', image_url: { url: 'https://example.com/fox.png' } };
const heeded = new Set<Situation>();
const heed = (s: Situation): void => void heeded.add(s);

export const libraryScenarios: readonly Scenario[] = [
  {
    title: 'a promise in place of a model',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    call: (s) => useModel(s, (model) => answer(Promise.resolve(model), 'Once')),
    scope: (s) => ({
      path: s.path('model.bin'),
      openModel: async (path: string) => {
        const model = await openModel(path, { threads: 1 });
        await answer(model, 'Once').finally(() => model.close());
      },
    }),
  },
  {
    title: 'messages in place of a prompt',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    call: (s) => useModel(s, (model) => answer(model, messages)),
    scope: async (s) => ({
      model: await keptModel(s),
      messages,
      encodeMessages: (model: Model, of: typeof messages) => answer(model, encodeMessages(model, of)),
    }),
  },
  {
    title: 'an AbortController in place of its signal',
    code: 'INVALID_OPTION',
    async prepare(s) {
      s.defer(() => heeded.delete(s));
      await takeModel(s);
    },
    call: (s) =>
      useModel(s, (model) => {
        const controller = new AbortController();
        return answer(model, 'Once', { signal: heeded.has(s) ? controller.signal : controller });
      }),
    acts: [[/^pass its signal/, heed]],
  },
  {
    title: 'a schema in place of a constraint',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    call: (s) => useModel(s, (model) => answer(model, 'Once', { constraint: { type: 'null' } })),
    scope: async (s) => {
      const model = await keptModel(s);
      return {
        schema: { type: 'null' },
        jsonSchema: (schema: unknown) => answer(model, 'Once', { constraint: jsonSchema(schema as object) }),
      };
    },
  },
  {
    title: 'an object in place of a KV cache',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    call: (s) => useModel(s, (model) => answer(model, 'Once', { cache: {} })),
    scope: async (s) => {
      const model = await keptModel(s);
      return { model: { createCache: () => answer(model, 'Once', { cache: model.createCache() }) } };
    },
  },
  {
    title: 'a path in place of a session',
    code: 'INVALID_OPTION',
    async prepare(s) {
      await takeModel(s);
      await s.run(`printf 'Hi\\n/save talk.session\\n' | llama chat model.bin`);
    },
    call: (s) => useModel(s, (model) => createChat(model, { session: 'talk.session' as never })),
    scope: async (s) => {
      const model = await keptModel(s);
      return {
        model,
        readSession: async (of: Model, name: string) => {
          createChat(of, { session: await readSession(of, s.path(name)) });
        },
      };
    },
  },
  {
    title: 'an image in a message',
    code: 'BAD_CHAT_INPUT',
    async prepare(s) {
      s.defer(() => heeded.delete(s));
      await takeModel(s);
    },
    call: (s) =>
      useModel(s, (model) => {
        const content = heeded.has(s) ? 'Hello!' : [image];
        return encodeMessages(model, [{ role: 'user', content: content as string }]);
      }),
    acts: [[/^send text alone: { role: 'user', content: 'Hello!' }$/, heed]],
  },
  {
    title: 'a constraint of alternatives that differ only at their ends',
    code: 'LIMIT_EXCEEDED',
    async prepare(s) {
      s.defer(() => heeded.delete(s));
      await takeModel(s);
    },
    call: (s) =>
      useModel(s, (model) =>
        answer(model, 'Once', { maxTokens: 4, constraint: jsonSchema(readings(3000, heeded.has(s))) }),
      ),
    acts: [[/^take alternatives that differ early/, heed]],
  },
  {
    title: 'a stop string that holds a special token',
    code: 'INVALID_OPTION',
    prepare: takeModel,
    command: `llama run model.bin -n 2 -i Once --stop 'the end<|eot_id|>'`,
  },
];
