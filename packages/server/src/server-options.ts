// Options of a server, and what its endpoints share.

import type { Embedder, Engine, Model } from '@llama-ts/runtime';
import type { Metrics } from './metrics.js';
import type { PageFiles } from './page-files.js';
import type { ConstraintCache } from './request/constraint-cache.js';

/** Options of {@link createApiServer}. */
export interface ApiServerOptions {
  /** The engine's. */
  readonly model: Model;
  /** What clients call the model. */
  readonly modelName: string;
  /** Keys of which a request must bring one; none lets every request in. Default none. */
  readonly apiKeys?: readonly string[] | undefined;
  /** Names, beside `localhost` and addresses, that a `Host` header may hold. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Origins of web pages, such as `http://localhost:3000`, that may call. Default the server's own alone. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** The date that a chat template which asks the clock is given, such as `26 Jul 2024`. Default today in UTC. */
  readonly dateString?: string | undefined;
  /** Which of the model's templates formats conversations. Default its default one. */
  readonly templateName?: string | undefined;
  /** Files to send beside the API, such as those of `@llama-ts/web`. Default none. */
  readonly page?: PageFiles | undefined;
  /** Bytes of a body at most. Default 8 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Called for each request when it has ended. */
  readonly log?: ((entry: LogEntry) => void) | undefined;
  /** The time. */
  readonly now?: (() => Date) | undefined;
  /** A seed for a request without one, 1 to 2^53 - 1. Default drawn from the system's random numbers. */
  readonly drawSeed?: (() => number) | undefined;
  /** A new text that no other request gets. Default a UUID. */
  readonly createId?: (() => string) | undefined;
}

/** What is logged of a request, without its text or its key. */
export interface LogEntry {
  readonly time: string;
  readonly id: string;
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** HTTP status of the response. */
  readonly status: number;
  /** Milliseconds from the request's arrival to the end of its response. */
  readonly milliseconds: number;
  /** Tokens of all prompts, cached ones included; undefined where nothing was computed. */
  readonly promptTokens?: number;
  /** Tokens of all answers to the request. */
  readonly answerTokens?: number;
  /** Why it failed, in the words of its error. */
  readonly error?: string;
}

/** What endpoints answer with. */
export interface ServerContext {
  readonly engine: Engine;
  readonly embedder: Embedder;
  readonly metrics: Metrics;
  /** The engine's. */
  readonly model: Model;
  readonly modelName: string;
  readonly templateName: string | undefined;
  /** Longest body of a request, in bytes; a longer one is refused. */
  readonly maxBodyBytes: number;
  readonly constraints: ConstraintCache;
  readonly now: () => Date;
  readonly drawSeed: () => number;
  readonly createId: () => string;
  /** @throws HttpError 404 for a model that is not served */
  checkModelName(name: string | undefined): void;
  /** The day of a conversation; undefined lets the template choose its own. */
  dateStringOf(asked: string | undefined): string | undefined;
  /** `Model.checksum` in hexadecimal digits. */
  readonly modelSha256: string;
  /** The fingerprint of answers that depend on this day. */
  fingerprintOf(dateString: string | undefined): string;
  /** When the server began, in seconds since 1970. */
  readonly startedAt: number;
}
