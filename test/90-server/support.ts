// A server over the sample model with the template of Llama 3.2, called without a socket; and an engine with scripted answers.

import type { BackendName } from '@llama-ts/kernels';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type EventStream,
  type GenerateEvent,
  type Model,
  openModel,
} from '@llama-ts/runtime';
import { type ApiServer, type ApiServerOptions, createApiServer } from '@llama-ts/server';
import OpenAI from 'openai';
import { modelFile } from '../50-runtime/support.js';
import { llamaFile, readJson } from '../helpers/tokenizers.js';

export const MODEL_NAME = 'sample';
/** Has the template name this day, whatever the clock says. */
export const DATE = '26 Jul 2024';

/** The template of Llama 3.2, which reads tools. */
const template = readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json')).chat_template;

export interface TestServer {
  readonly server: ApiServer;
  readonly engine: Engine;
  /** The real client, which calls the server in this process. */
  readonly client: OpenAI;
  /** Sends JSON, or a text unchanged. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

/** One thread: the machine runs other tests. */
export async function openSample(backend?: BackendName): Promise<Model> {
  return openModel(await modelFile('sample', 2), {
    chatTemplate: template,
    threads: 1,
    context: 2048,
    ...(backend && { backend }),
  });
}

export async function serve(
  model: Model,
  options: Partial<ApiServerOptions> = {},
  engineOptions: EngineOptions = {},
): Promise<TestServer> {
  return serveOn(createEngine(model, engineOptions), model, options);
}

export async function serveOn(
  engine: Engine,
  model: Model,
  options: Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const server = await createApiServer(engine, { model, modelName: MODEL_NAME, dateString: DATE, ...options });
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
    server.fetch(new Request(url, init));
  return {
    server,
    engine,
    client: new OpenAI({ baseURL: 'http://localhost/v1', apiKey: 'none', maxRetries: 0, fetch }),
    post: (path, body, init = {}) =>
      fetch(`http://localhost${path}`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...init.headers },
      }),
    get: (path, headers = {}) => fetch(`http://localhost${path}`, { headers }),
  };
}

/** An engine whose every answer is these texts, a token each; a number is a token without text. */
export function scriptedEngine(texts: readonly (string | number)[]): Engine {
  return eventsEngine([
    ...texts.map((text, i): GenerateEvent => {
      const [id, said] = typeof text === 'number' ? [text, ''] : [0, text];
      return { type: 'token', id, text: said, position: i };
    }),
    { type: 'end', reason: 'eos', eosId: 1, stop: null, text: '', nTokens: texts.length, milliseconds: 0 },
  ]);
}

/** An engine whose every answer has these events after its prompt. */
export function eventsEngine(all: readonly GenerateEvent[]): Engine {
  return {
    nRunning: 0,
    nWaiting: 0,
    prefixCache: { maxBytes: 0, byteLength: 0, match: () => 0, load: () => 0, save() {}, close() {} },
    submit: (prompt): EventStream<GenerateEvent> => {
      const nTokens = prompt.length;
      const events: GenerateEvent[] = [{ type: 'prompt-end', nTokens, nCached: 0, milliseconds: 0 }, ...all];
      const done = { done: true as const, value: undefined };
      return {
        next: async () => {
          const value = events.shift();
          return value === undefined ? done : { done: false, value };
        },
        return: async () => done,
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
    close: async () => undefined,
  };
}

/** The objects of a stream of a chat, and whether it ended as it should. */
export async function readEvents(
  response: Response,
): Promise<{ chunks: OpenAI.ChatCompletionChunk[]; isDone: boolean }> {
  const data = await dataOf(response);
  const isDone = data.at(-1) === '[DONE]';
  return { chunks: (isDone ? data.slice(0, -1) : data).map((text) => JSON.parse(text)), isDone };
}

/** What the events of a stream carry. */
export async function dataOf(response: Response): Promise<string[]> {
  const events = (await response.text()).split('\n\n').filter((event) => event !== '');
  return events.map((event) => event.replace(/^data: /, ''));
}

/** A whole chat completion. */
export async function chatOf(response: Response): Promise<OpenAI.ChatCompletion> {
  return (await response.json()) as OpenAI.ChatCompletion;
}

/** The error of a response. */
export async function errorOf(
  response: Response,
): Promise<{ status: number; param: string | null; code: string; message: string; type: string }> {
  const { error } = (await response.json()) as {
    error: { param: string | null; code: string; message: string; type: string };
  };
  return { status: response.status, ...error };
}
