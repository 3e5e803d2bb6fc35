// What the server counts and measures, in Prometheus' text format. Names are those of vLLM and llama-server where they have one.

import type { Engine, GenerateEvent } from '@llama-ts/runtime';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The figures of one server. */
export interface Metrics {
  readonly contentType: string;
  /** All of them, as Prometheus reads them. */
  text(): Promise<string>;
  /** Begins the measurement of an answer; the function takes its events. */
  beginAnswer(): (event: GenerateEvent) => void;
  /** Counts the tokens of a prompt that no answer follows. */
  countPrompt(nTokens: number): void;
  countRequest(request: { readonly path: string; readonly status: number }): void;
}

/** vLLM's buckets: the first token takes milliseconds after a cached prompt and minutes after a long one. */
const FIRST_TOKEN_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60, 120,
];
const TOKEN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1, 2.5];
const REQUEST_SECONDS = [0.01, 0.05, 0.1, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480];

/**
 * @param paths of the endpoints; every other path counts as `other`, so that no client makes names
 * @param seconds the time, in seconds from any moment
 */
export function createMetrics(engine: Engine, paths: ReadonlySet<string>, seconds: () => number): Metrics {
  const registers = [new Registry()];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  };

  gauge('llama_num_requests_running', 'Answers that are made now.', () => engine.nRunning);
  gauge('llama_num_requests_waiting', 'Answers that wait for their turn or for their reader.', () => engine.nWaiting);
  const promptTokens = counter('llama_prompt_tokens_total', 'Prompt tokens, cached ones included.');
  const cachedTokens = counter('llama_prompt_tokens_cached_total', 'Prompt tokens that the prefix cache held.');
  const answerTokens = counter('llama_generation_tokens_total', 'Tokens of answers.');
  const ends = counter('llama_request_success_total', 'Answers that ended, by their reason.', ['finished_reason']);
  const requests = counter('llama_http_requests_total', 'Requests, by path and status.', ['path', 'status']);
  const firstToken = histogram(
    'llama_time_to_first_token_seconds',
    'From request to first token.',
    FIRST_TOKEN_SECONDS,
  );
  const nextToken = histogram('llama_time_per_output_token_seconds', 'From token to token.', TOKEN_SECONDS);
  const whole = histogram(
    'llama_e2e_request_latency_seconds',
    'From request to the end of its answer.',
    REQUEST_SECONDS,
  );

  return {
    contentType: registers[0]!.contentType,
    text: () => registers[0]!.metrics(),
    beginAnswer() {
      const start = seconds();
      let last: number | null = null;
      return (event) => {
        const now = seconds();
        if (event.type === 'prompt-end') {
          promptTokens.inc(event.nTokens);
          cachedTokens.inc(event.nCached);
        } else if (event.type === 'token') {
          answerTokens.inc();
          if (last === null) firstToken.observe(now - start);
          else nextToken.observe(now - last);
          last = now;
        } else {
          ends.inc({ finished_reason: event.reason });
          whole.observe(now - start);
        }
      };
    },
    countPrompt: (nTokens) => promptTokens.inc(nTokens),
    countRequest({ path, status }) {
      requests.inc({ path: paths.has(path) ? path : 'other', status });
    },
  };
}
