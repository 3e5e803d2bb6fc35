// OpenAI's API over an engine, as a function from requests to responses: it opens no socket.
//
// A request passes the guards (Host, Origin, key) before its body is read, and its body is checked before anything is
// computed. What it then holds ends with its client.

import { hexOf, ToolkitError } from '@llama-ts/base';
import { chosenTemplate, createEmbedder, type Engine } from '@llama-ts/runtime';
import { platform } from '#platform';
import { createApp } from './app.js';
import { createCalls } from './calls.js';
import { endpoints } from './endpoints/endpoints.js';
import { createFingerprint } from './fingerprint.js';
import { createGuard } from './guard/guard.js';
import { createConstraintCache } from './request/constraint-cache.js';
import type { ApiServerOptions, LogEntry, ServerContext } from './server-options.js';
import { templateDay } from './template-day.js';
import { HttpError } from './wire/http-error.js';

/** A server without a socket. */
export interface ApiServer {
  /** Answers a request. Its signal ends the answer; so does leaving the body of the response. */
  fetch(request: Request): Promise<Response>;
  /** Refuses requests from now on with 503; those under way go on. */
  drain(): void;
  /** Ends the requests under way: 503, or an error event in a stream. The engine stays open. */
  endAll(): void;
}

const endpointPaths: ReadonlySet<string> = new Set(endpoints.map(({ path }) => path));

/** A long conversation, or a list of prompts; a token is about four bytes. */
const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Requests for embeddings that wait; one more is told to come again. */
const MAX_WAITING_EMBEDDINGS = 256;

/**
 * Makes a server of an engine.
 *
 * @throws ToolkitError what `Model.checksum` throws; `INVALID_OPTION` for a template that the model does not have
 * @example
 * const server = await createApiServer(createEngine(model), { model, modelName: 'llama' });
 * const response = await server.fetch(new Request('http://localhost/v1/models'));
 */
export async function createApiServer(engine: Engine, options: ApiServerOptions): Promise<ApiServer> {
  const context = await createContext(engine, options);
  const log = (entry: LogEntry): void => {
    context.metrics.countRequest(entry);
    options.log?.(entry);
  };
  const calls = createCalls({ ...context, log });
  let isDraining = false;
  const guard = createGuard(options, () => isDraining);
  const app = createApp(context, guard, options.page ?? new Map());
  return {
    async fetch(request) {
      const call = calls.begin(request);
      const response = await app.fetch(request, { call });
      // OpenAI's clients read x-request-id, Anthropic's read request-id.
      response.headers.set('x-request-id', call.id);
      response.headers.set('request-id', call.id);
      response.headers.set('x-content-type-options', 'nosniff');
      if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store');
      call.settle(response.status);
      return response;
    },
    drain() {
      isDraining = true;
    },
    endAll: () => calls.abortAll(new ToolkitError('TERMINATED', 'the server is going down')),
  };
}

async function createContext(engine: Engine, options: ApiServerOptions): Promise<ServerContext> {
  const { model, modelName, templateName, dateString, now = () => new Date() } = options;
  const asksClock = (chosenTemplate(model, { templateName }) ?? '').includes('strftime_now');
  return {
    engine,
    embedder: createEmbedder(model, { maxWaiting: MAX_WAITING_EMBEDDINGS }),
    model,
    metrics: platform.createMetrics(engine, endpointPaths, () => performance.now() / 1000),
    modelName,
    templateName,
    now,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    createId: options.createId ?? (() => crypto.randomUUID()),
    drawSeed: options.drawSeed ?? drawSeed,
    constraints: createConstraintCache(),
    modelSha256: hexOf(await model.checksum()),
    fingerprintOf: await createFingerprint(model),
    startedAt: Math.floor(now().getTime() / 1000),
    dateStringOf: (asked) => asked ?? dateString ?? (asksClock ? templateDay(now()) : undefined),
    checkModelName(name) {
      if (name === undefined || name === modelName) return;
      throw new HttpError(404, 'model_not_found', `model ${JSON.stringify(name)}, expected ${modelName}`, {
        param: 'model',
      });
    },
  };
}

function drawSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return Math.max(1, (high! % 2 ** 21) * 2 ** 32 + low!);
}
