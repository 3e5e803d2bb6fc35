// The options of an answer that a request, a flag or a line of a file of prompts can set, declared once: what each does, which
// values it takes, its default, and its names.

import { type AnswerOptions, MAX_LOGPROBS } from '../answer/answer-options.js';
import { MAX_BIAS, MAX_PENALTY } from '../sampler/sampler.js';
import { samplingDefaults } from '../sampler/sampling-settings.js';
import { biases, boolean, type FieldKind, number, seed, texts, tokenIds, wholeNumber } from './field-kinds.js';

/** Who names a field: a line of a file of prompts, OpenAI's API, llama-server, or the flags of `llama run`. */
export type Vocabulary = 'batch' | 'openai' | 'llamaServer' | 'flag';

/** A property of an answer that a request can set. */
export interface AnswerField {
  readonly kind: FieldKind;
  /** What the field does, beginning with a verb. */
  readonly description: string;
  /** The default; null if it is no single value. */
  readonly fallback: number | null;
  /** Whether the model's own generation config comes before the fallback. */
  readonly hasModelDefault?: boolean;
  /** Names of the field, the preferred one first. A vocabulary without a name does not have the field. */
  readonly names: Readonly<Partial<Record<Vocabulary, readonly string[]>>>;
}

/** Options of an answer that JSON can say; a constraint has fields of its own. */
export type FieldOption = Exclude<keyof AnswerOptions, 'constraint' | 'now'>;

/** Far above where sampling is uniform. */
const MAX_TEMPERATURE = 1000;
const probability = number(0, 1);
const penalty = number(-MAX_PENALTY, MAX_PENALTY);

/** The fields, keyed by the option that each sets. */
export const answerFields = {
  maxTokens: {
    kind: wholeNumber(0),
    description: 'end the answer after N new tokens',
    fallback: null,
    names: {
      batch: ['max_tokens'],
      openai: ['max_completion_tokens', 'max_tokens'],
      llamaServer: ['n_predict'],
      flag: ['max-tokens'],
    },
  },
  minTokens: {
    kind: wholeNumber(0),
    description: 'let the answer end only after N new tokens',
    fallback: 0,
    names: { batch: ['min_tokens'], flag: ['min-tokens'] },
  },
  steps: {
    kind: wholeNumber(0),
    description: 'end the answer at position N, prompt included; 0 for the end of the context',
    fallback: null,
    names: { flag: ['steps'] },
  },
  seed: {
    kind: seed,
    description: 'start the random numbers from N, 1 to 2^64 - 1',
    fallback: null,
    names: { batch: ['seed'], openai: ['seed'], llamaServer: ['seed'], flag: ['seed'] },
  },
  temperature: {
    kind: number(0, MAX_TEMPERATURE),
    description: 'divide the logits by X; 0 takes the most probable token',
    fallback: samplingDefaults.temperature,
    hasModelDefault: true,
    names: { batch: ['temperature'], openai: ['temperature'], llamaServer: ['temperature'], flag: ['temperature'] },
  },
  topP: {
    kind: probability,
    description: 'sample from the most probable tokens that together have probability P',
    fallback: samplingDefaults.topP,
    hasModelDefault: true,
    names: { batch: ['top_p'], openai: ['top_p'], llamaServer: ['top_p'], flag: ['top-p'] },
  },
  topK: {
    kind: wholeNumber(0),
    description: 'sample from the N most probable tokens; 0 for all',
    fallback: samplingDefaults.topK,
    hasModelDefault: true,
    names: { batch: ['top_k'], llamaServer: ['top_k'], flag: ['top-k'] },
  },
  minP: {
    kind: probability,
    description: 'sample from tokens of at least P times the largest probability',
    fallback: samplingDefaults.minP,
    names: { batch: ['min_p'], llamaServer: ['min_p'], flag: ['min-p'] },
  },
  typicalP: {
    kind: probability,
    description: 'sample from the most typical tokens that together have probability P; 1 for all',
    fallback: samplingDefaults.typicalP,
    names: { batch: ['typical_p'], llamaServer: ['typical_p'], flag: ['typical-p'] },
  },
  repetitionPenalty: {
    kind: number(1 / MAX_PENALTY, MAX_PENALTY),
    description: 'divide the positive logits of earlier tokens by X, and multiply the negative ones',
    fallback: samplingDefaults.repetitionPenalty,
    hasModelDefault: true,
    names: { batch: ['repetition_penalty'], llamaServer: ['repeat_penalty'], flag: ['repeat-penalty'] },
  },
  presencePenalty: {
    kind: penalty,
    description: 'subtract X from the logits of earlier tokens',
    fallback: samplingDefaults.presencePenalty,
    names: {
      batch: ['presence_penalty'],
      openai: ['presence_penalty'],
      llamaServer: ['presence_penalty'],
      flag: ['presence-penalty'],
    },
  },
  frequencyPenalty: {
    kind: penalty,
    description: 'subtract X from the logits of earlier tokens, once for each time they came',
    fallback: samplingDefaults.frequencyPenalty,
    names: {
      batch: ['frequency_penalty'],
      openai: ['frequency_penalty'],
      llamaServer: ['frequency_penalty'],
      flag: ['frequency-penalty'],
    },
  },
  penaltyWindow: {
    kind: wholeNumber(-1),
    description: 'apply penalties to the last N tokens, prompt included; -1 for all',
    fallback: samplingDefaults.penaltyWindow,
    names: { llamaServer: ['repeat_last_n'], flag: ['repeat-last-n'] },
  },
  logitBias: {
    kind: biases(MAX_BIAS),
    description: 'add to the logits of tokens',
    fallback: null,
    names: { openai: ['logit_bias'], llamaServer: ['logit_bias'], flag: ['logit-bias'] },
  },
  referenceSampler: {
    kind: boolean,
    description: 'sample as the C programs do: with their defaults and sums, which choose their tokens for a seed',
    fallback: null,
    names: { flag: ['reference-sampler'] },
  },
  stop: {
    kind: texts,
    description: 'end the answer before TEXT',
    fallback: null,
    names: { batch: ['stop'], openai: ['stop'], llamaServer: ['stop'], flag: ['stop'] },
  },
  stopIds: {
    kind: tokenIds,
    description: 'end the answer at the token ID',
    fallback: null,
    names: { flag: ['stop-id'] },
  },
  logprobs: {
    kind: wholeNumber(0, MAX_LOGPROBS),
    description: `report the N most probable tokens with each token, 0 to ${MAX_LOGPROBS}`,
    fallback: null,
    names: { openai: ['top_logprobs'], llamaServer: ['n_probs'], flag: ['logprobs'] },
  },
  digest: {
    kind: boolean,
    description: "report a sha256 of the answer's tokens and their logits, which is the same on every machine",
    fallback: null,
    names: { batch: ['digest'], llamaServer: ['digest'], flag: ['digest'] },
  },
} as const satisfies Record<FieldOption, AnswerField>;

const entries = Object.entries(answerFields) as [FieldOption, AnswerField][];

/** Options and fields by the names that a vocabulary has for them. */
export function fieldsIn(vocabulary: Vocabulary): ReadonlyMap<string, { readonly option: FieldOption } & AnswerField> {
  return new Map(
    entries.flatMap(([option, field]) => (field.names[vocabulary] ?? []).map((name) => [name, { option, ...field }])),
  );
}

/** The names that a file of prompts and the flags have for an option with this name in any vocabulary; null without one. */
export function namesHere(name: string): { readonly field: string | null; readonly flag: string | null } {
  const isNamed = (vocabulary: readonly string[]): boolean =>
    vocabulary.some((one) => one.replaceAll('-', '_') === name);
  const names: AnswerField['names'] =
    entries.find(([, field]) => Object.values(field.names).some(isNamed))?.[1].names ?? {};
  return { field: names.batch?.[0] ?? null, flag: names.flag?.[0] ?? null };
}
