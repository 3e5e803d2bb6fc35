// POST /v1/completions: continues texts.

import { encodePrompt, type Model, type TokenLogProbabilities } from '@llama-ts/runtime';
import { type Choices, submitChoices } from '../answer/choices.js';
import { digestOf } from '../answer/digest-of.js';
import { type FinishReason, finishReasonOf } from '../answer/finish-reason.js';
import { addCompletionLogprob, type CompletionLogprobs } from '../answer/logprobs.js';
import type { Call } from '../call.js';
import { type CompletionRequest, readCompletionRequest } from '../request/completion-request.js';
import type { ServerContext } from '../server-options.js';
import { answerStream } from './answer-stream.js';

interface TextPart {
  readonly index: number;
  readonly text: string;
  readonly found: TokenLogProbabilities | undefined;
  readonly finishReason: FinishReason | null;
  readonly digest: { readonly digest?: string };
}

/** @throws HttpError, ToolkitError: a request that is refused before anything is computed */
export async function completions(context: ServerContext, call: Call): Promise<Response> {
  const body = await call.body();
  const request = readCompletionRequest(body);
  const { model, checkModelName } = context;
  checkModelName(request.model);
  const { specials, options, n } = request;
  const prompts = request.prompts.map((prompt) =>
    typeof prompt === 'string' ? encodePrompt(model, prompt, { specials }) : prompt,
  );
  const isLengthAsked = (body.max_tokens ?? body.max_completion_tokens ?? null) !== null;
  const choices = submitChoices(context, call, { prompts, n, options, isLengthAsked });
  const head = headOf(context, choices);
  return request.isStream
    ? answerStream(call, streamed(request, choices, { head, model }))
    : Response.json({ ...head, choices: await whole(request, choices, model), usage: choices.tally.usage });
}

function headOf({ createId, modelName, now, fingerprintOf }: ServerContext, { seed }: Choices) {
  return {
    id: `cmpl-${createId()}`,
    object: 'text_completion',
    created: Math.floor(now().getTime() / 1000),
    model: modelName,
    // A completion has no template, and so no date.
    system_fingerprint: fingerprintOf(undefined),
    seed,
  };
}

async function* textParts({ events }: Choices): AsyncGenerator<TextPart, void, void> {
  for await (const { index, event } of events) {
    if (event.type === 'token')
      yield { index, text: event.text, found: event.logprobs, finishReason: null, digest: {} };
    else if (event.type === 'end') {
      yield {
        index,
        text: event.text,
        found: undefined,
        finishReason: finishReasonOf(event.reason),
        digest: digestOf(event),
      };
    }
  }
}

async function whole({ options }: CompletionRequest, choices: Choices, { tokenizer }: Model) {
  const drafts = Array.from({ length: choices.nChoices }, (_, index) => {
    const logprobs = options.logprobs === undefined ? null : noLogprobs();
    const digest: TextPart['digest'] = {};
    return { index, text: '', logprobs, offset: 0, finish_reason: 'stop' as FinishReason, digest };
  });
  for await (const { index, text, found, finishReason, digest } of textParts(choices)) {
    const draft = drafts[index]!;
    draft.text += text;
    if (found !== undefined) {
      addCompletionLogprob(draft.logprobs!, found, draft.offset, tokenizer);
      draft.offset += found.text.length;
    }
    draft.finish_reason = finishReason ?? draft.finish_reason;
    draft.digest = digest;
  }
  return drafts.map(({ digest, offset: _offset, ...draft }) => ({ ...draft, ...digest }));
}

async function* streamed(
  { includeUsage }: CompletionRequest,
  choices: Choices,
  { head, model }: { readonly head: object; readonly model: Model },
): AsyncGenerator<unknown, void, void> {
  const chunk = { ...head, ...(includeUsage ? { usage: null } : {}) };
  const offsets = Array.from({ length: choices.nChoices }, () => 0);
  for await (const { index, text, found, finishReason, digest } of textParts(choices)) {
    if (text === '' && found === undefined && finishReason === null) continue;
    const logprobs = found === undefined ? null : noLogprobs();
    if (found !== undefined) {
      addCompletionLogprob(logprobs!, found, offsets[index]!, model.tokenizer);
      offsets[index]! += found.text.length;
    }
    yield { ...chunk, choices: [{ index, text, logprobs, finish_reason: finishReason, ...digest }] };
  }
  if (includeUsage) yield { ...chunk, choices: [], usage: choices.tally.usage };
}

function noLogprobs(): CompletionLogprobs {
  return { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
}
