// What the tests of answers compute, in Node and, bundled, in a page.

import {
  type ChatEvent,
  createChat,
  type GenerateEvent,
  generate,
  jsonSchema,
  openModel,
  readSession,
  writeSession,
} from '@llama-ts/runtime';

/** What a page, or Node, answers. */
export interface Answered {
  readonly chat: string;
  /** JSON that meets a schema. */
  readonly json: string;
  /** Ids sampled at a temperature. */
  readonly sampled: readonly number[];
  /** Bytes of the chat's session. */
  readonly session: readonly number[];
  /** The next answer of the chat, and of one that continues its session. */
  readonly next: string;
  readonly resumed: string;
}

/** A conversation and other answers. @param saved a session that the other platform saved; default its own */
export async function converse(
  from: string | Blob,
  options: { readonly threads?: number },
  saved?: Blob,
): Promise<Answered> {
  const model = await openModel(from, { ...options, context: 512 });
  const textOf = async (events: AsyncIterable<ChatEvent | GenerateEvent>): Promise<string> => {
    let text = '';
    for await (const event of events) if (event.type === 'token' || event.type === 'end') text += event.text;
    return text;
  };
  try {
    const settings = { temperature: 0, maxTokens: 24, dateString: '26 Jul 2024' };
    const chat = createChat(model, { ...settings, system: 'You tell stories.' });
    const first = await textOf(chat.send('Tell me of a dog.'));
    const bytes: number[] = [];
    await writeSession(model, chat.session, {
      writeAt: async (part, byteOffset) => {
        for (const [i, byte] of part.entries()) bytes[byteOffset + i] = byte;
      },
    });
    const session = await readSession(model, saved ?? new Blob([Uint8Array.from(bytes)]));
    const next = await textOf(chat.send('And then?'));
    const resumed = await textOf(createChat(model, { ...settings, session }).send('And then?'));
    const properties = { name: { type: 'string', maxLength: 8 }, legs: { enum: [2, 4] } };
    const constraint = jsonSchema({ type: 'object', properties, required: ['name', 'legs'] });
    const json = await textOf(generate(model, 'A dog: ', { temperature: 0, maxTokens: 60, constraint }));
    const sampled: number[] = [];
    for await (const event of generate(model, 'Once', { temperature: 0.9, topP: 0.9, seed: 7, maxTokens: 20 })) {
      if (event.type === 'token') sampled.push(event.id);
    }
    return { chat: first, json, sampled, session: bytes, next, resumed };
  } finally {
    await model.close();
  }
}

/** Where logits of all tokens differ from the golden ones, and how many more there are. */
export async function compareLogits(
  model: Blob,
  expected: ArrayBuffer,
  options: { readonly threads?: number },
  tokens: number[],
) {
  const opened = await openModel(model, { ...options, context: tokens.length });
  try {
    const batch = [{ cache: opened.createCache(), position: 0, tokens }];
    const logits = await opened.forward(batch, { logits: 'all' });
    const found = new Uint32Array(logits.slice().buffer);
    const golden = new Uint32Array(expected);
    const differing = golden.findIndex((bits, i) => bits !== found[i]);
    return { count: found.length - golden.length, differing, threads: opened.threads };
  } finally {
    await opened.close();
  }
}
