// A server of OpenAI's API as an answerer.

import type { Token, TokenCandidate } from '../conversation/message.js';
import { type AnswerEvent, type Answerer, AnswererError, type AnswererFacts, type AnswerRequest } from './answerer.js';
import { readEvents } from './read-events.js';
import { toBody } from './to-request.js';

export interface ServerOptions {
  /** The part of the address before `/v1`; empty for the server that the page came from. */
  readonly address: string;
  /** The API key; empty without one. */
  readonly key: string;
  /** Sends a request; default the browser's `fetch`. */
  readonly fetch?: (address: string, init: RequestInit) => Promise<Response>;
}

interface ModelBody {
  readonly id: string;
  readonly context_length: number;
  readonly sha256?: string;
}

/** The parts of a stream that the page reads. */
interface Chunk {
  readonly error?: { readonly message: string };
  readonly model: string;
  readonly seed?: number | string;
  readonly system_fingerprint?: string;
  readonly choices: readonly {
    readonly delta: {
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly logprobs: { readonly content: readonly TokenBody[] | null } | null;
    readonly finish_reason: string | null;
    readonly digest?: string;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  } | null;
}

interface CandidateBody {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

interface TokenBody extends CandidateBody {
  readonly top_logprobs: readonly CandidateBody[];
}

export function createServerAnswerer({ address, key, fetch: send = fetch }: ServerOptions): Answerer {
  const authorisation = key === '' ? {} : { authorization: `Bearer ${key}` };

  return {
    async describe(signal) {
      const response = await call('/v1/models', { signal: signal ?? null });
      const { data } = (await response.json()) as { data: readonly ModelBody[] };
      const { id, context_length: contextLength, sha256 = '' } = data[0]!;
      return { name: id, contextLength, sha256 } satisfies AnswererFacts;
    },

    async *answer(request: AnswerRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent, void, void> {
      const response = await call('/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(toBody(request)),
        signal,
      });
      let isStarted = false;
      const chunks = readEvents(response.body!);
      for (;;) {
        const { done, value } = await chunks.next().catch(asUnreachable);
        if (done === true) {
          if (!value)
            throw new AnswererError('unreachable', 'The connection to the server ended before the answer did.');
          return;
        }
        const chunk = value as Chunk;
        if (chunk.error !== undefined) throw new AnswererError('failed', chunk.error.message);
        if (!isStarted) yield startOf(chunk);
        isStarted = true;
        yield* eventsOf(chunk);
      }
    },
  };

  async function call(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string> | undefined), ...authorisation };
    const response = await send(`${address}${path}`, { ...init, headers, cache: 'no-store' }).catch(asUnreachable);
    if (response.ok) return response;
    const message = await messageOf(response);
    if (response.status === 401) throw new AnswererError('key', message);
    throw new AnswererError(response.status < 500 ? 'refused' : 'failed', message);
  }
}

function startOf({ model, seed, system_fingerprint: fingerprint }: Chunk): AnswerEvent {
  return { type: 'start', model, seed: String(seed ?? ''), fingerprint: fingerprint ?? '' };
}

function* eventsOf({ choices: [choice], usage }: Chunk): Generator<AnswerEvent> {
  if (choice !== undefined) {
    const { delta, logprobs, finish_reason: reason, digest = null } = choice;
    if (logprobs?.content) yield { type: 'tokens', tokens: logprobs.content.map(tokenOf) };
    if (delta.content) yield { type: 'text', text: delta.content };
    for (const { index, id = '', function: called } of delta.tool_calls ?? []) {
      yield { type: 'call', index, id, name: called.name ?? '', arguments: called.arguments ?? '' };
    }
    if (reason !== null) yield { type: 'finish', reason, digest };
  }
  if (usage) {
    yield {
      type: 'usage',
      promptTokens: usage.prompt_tokens,
      cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
      answerTokens: usage.completion_tokens,
    };
  }
}

function tokenOf(body: TokenBody): Token {
  return { ...candidateOf(body), top: body.top_logprobs.map(candidateOf) };
}

function candidateOf({ token, logprob, bytes }: CandidateBody): TokenCandidate {
  return { text: token, logprob, bytes };
}

/** @throws AnswererError for a connection that fails; what else it is given */
function asUnreachable(cause: unknown): never {
  // `fetch` and the streams of a response fail with a TypeError where the connection does.
  if (!(cause instanceof TypeError)) throw cause;
  throw new AnswererError('unreachable', 'The server does not answer.', { cause });
}

/** What a refusal says; its status where it says nothing. */
async function messageOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error: { message: string } };
    return error.message;
  } catch {
    return `The server answered with ${response.status}.`;
  }
}
