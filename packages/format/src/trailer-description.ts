// The trailer's description of a model: configuration, generation defaults, chat template and provenance, as JSON.

import { isJsonTooDeep, MAX_JSON_DEPTH } from '@llama-ts/base';
import { badTrailer } from './bytes.js';
import { FieldReader } from './field-reader.js';
import type {
  BoundaryTokens,
  EndTokenSource,
  ForwardSettings,
  GenerationDefaults,
  Llama3RopeScaling,
} from './model-config.js';
import { decodeTemplateFacts, type TemplateFacts, templateFacts } from './template-facts.js';

/** One file the weights were read from. */
export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  /** Size of the file in bytes. */
  readonly byteLength: number;
  /** Lowercase hexadecimal. */
  readonly sha256: string;
}

/** Where a model came from. */
export interface Provenance {
  /** Hub repository id, or the name of a local folder. */
  readonly source: string;
  /** Resolved commit on the hub; null for a folder. */
  readonly commit: string | null;
  readonly files: readonly SourceFile[];
  /** Name and version of the writer: `llama3.2.ts 0.1.0`. */
  readonly tool: string;
}

/** The rules by which v3's scales, values and codebooks were searched (docs/arithmetic.md, rules 11 to 13). */
export const SEARCH_RULE = 'search-1';

/** The same for the embedding and the classifier; the layers by the inputs that a text gave them (rules 14 to 17). */
export const CALIBRATION_RULE = 'calibration-1';

/** The text that a calibrated file was quantized with. */
export interface CalibrationTextFacts {
  /** SHA-256 of the text's bytes, lowercase hexadecimal. */
  readonly sha256: string;
  /** Tokens of the text, without those that the tokenizer puts before it. */
  readonly nTokens: number;
}

/** How the weights of a v3 file were quantized, so that they can be derived again from their source. */
export type Quantization =
  | { readonly rule: typeof SEARCH_RULE }
  | { readonly rule: typeof CALIBRATION_RULE; readonly text: CalibrationTextFacts };

/** Settings for the forward pass, generation and chat, and the provenance of the model. */
export interface ModelDescription extends ForwardSettings, BoundaryTokens, TemplateFacts {
  /** Values of a key or value of one head. */
  readonly headDim: number;
  /** Where `eosIds` come from; files of older versions do not say it. */
  readonly eosSources?: readonly EndTokenSource[] | undefined;
  /** Positions the model was made for. */
  readonly contextLength: number;
  readonly generation: GenerationDefaults;
  /** Jinja source; null for a model without one. */
  readonly chatTemplate: string | null;
  /** v3 only; undefined where the values were taken over from another format. */
  readonly quantization?: Quantization | undefined;
  readonly provenance: Provenance;
}

/** Canonical JSON: one order of fields, so that equal descriptions are equal bytes. */
export function encodeDescription(description: ModelDescription): Uint8Array {
  const { headDim, contextLength, ropeTheta, ropeScaling, normEpsilon, bosId, eosIds } = description;
  const { prefixIds, suffixIds, eosSources } = description;
  const { doSample, temperature, topP, topK, repetitionPenalty } = description.generation;
  const { source, commit, files, tool } = description.provenance;
  const ordered = {
    headDim,
    contextLength,
    ropeTheta,
    ropeScaling: ropeScaling && {
      factor: ropeScaling.factor,
      lowFreqFactor: ropeScaling.lowFreqFactor,
      highFreqFactor: ropeScaling.highFreqFactor,
      originalMaxPositionEmbeddings: ropeScaling.originalMaxPositionEmbeddings,
    },
    normEpsilon,
    bosId,
    eosIds,
    // Left out where undefined.
    prefixIds,
    suffixIds,
    eosSources: eosSources?.map(({ id, sources }) => ({ id, sources })),
    generation: { doSample, temperature, topP, topK, repetitionPenalty },
    chatTemplate: description.chatTemplate,
    // Left out where undefined.
    ...templateFacts(description),
    quantization: description.quantization && orderedQuantization(description.quantization),
    provenance: {
      source,
      commit,
      files: files.map(({ path, byteLength, sha256 }) => ({ path, byteLength, sha256 })),
      tool,
    },
  };
  return new TextEncoder().encode(JSON.stringify(ordered));
}

/** @throws ToolkitError `BAD_TRAILER` */
export function decodeDescription(bytes: Uint8Array, name: string): ModelDescription {
  if (isJsonTooDeep(bytes)) throw badTrailer(`${name}: JSON over ${MAX_JSON_DEPTH} levels deep, expected fewer`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw badTrailer(`${name}: is not JSON in UTF-8`, cause);
  }
  const root = new FieldReader(json, name);
  const generation = root.object('generation');
  const provenance = root.object('provenance');
  const description: ModelDescription = {
    headDim: root.integer('headDim', 1),
    contextLength: root.integer('contextLength', 1),
    ropeTheta: root.positive('ropeTheta'),
    ropeScaling: root.nullable('ropeScaling', () => decodeScaling(root.object('ropeScaling'))),
    normEpsilon: root.positive('normEpsilon'),
    bosId: root.nullable('bosId', () => root.integer('bosId', 0)),
    eosIds: root.array('eosIds', (item) => item.integer('', 0)),
    ...root.optional('prefixIds', () => root.array('prefixIds', (item) => item.integer('', 0))),
    ...root.optional('suffixIds', () => root.array('suffixIds', (item) => item.integer('', 0))),
    ...root.optional('eosSources', () => root.array('eosSources', decodeEndSource)),
    generation: {
      doSample: generation.nullable('doSample', () => generation.boolean('doSample')),
      temperature: generation.nullable('temperature', () => generation.number('temperature')),
      topP: generation.nullable('topP', () => generation.number('topP')),
      topK: generation.nullable('topK', () => generation.integer('topK', 0)),
      repetitionPenalty: generation.nullable('repetitionPenalty', () => generation.positive('repetitionPenalty')),
    },
    chatTemplate: root.nullable('chatTemplate', () => root.string('chatTemplate')),
    ...decodeTemplateFacts(root),
    ...root.optional('quantization', () => decodeQuantization(root.object('quantization'))),
    provenance: {
      source: provenance.string('source'),
      commit: provenance.nullable('commit', () => provenance.string('commit')),
      files: provenance.array('files', (item) => {
        const file = item.object('');
        const source = {
          path: file.string('path'),
          byteLength: file.integer('byteLength', 0),
          sha256: file.string('sha256', /^[0-9a-f]{64}$/),
        };
        file.end();
        return source;
      }),
      tool: provenance.string('tool'),
    },
  };
  generation.end();
  provenance.end();
  root.end();
  return description;
}

function decodeEndSource(item: FieldReader): EndTokenSource {
  const source = item.object('');
  const decoded = { id: source.integer('id', 0), sources: source.array('sources', (name) => name.string('')) };
  source.end();
  return decoded;
}

function orderedQuantization(quantization: Quantization): Quantization {
  if (quantization.rule === SEARCH_RULE) return { rule: SEARCH_RULE };
  const { sha256, nTokens } = quantization.text;
  return { rule: CALIBRATION_RULE, text: { sha256, nTokens } };
}

function decodeQuantization(quantization: FieldReader): Quantization {
  const rule = quantization.string('rule', new RegExp(`^(${SEARCH_RULE}|${CALIBRATION_RULE})$`));
  if (rule === SEARCH_RULE) {
    quantization.end();
    return { rule };
  }
  const text = quantization.object('text');
  const facts = { sha256: text.string('sha256', /^[0-9a-f]{64}$/), nTokens: text.integer('nTokens', 1) };
  text.end();
  quantization.end();
  return { rule: CALIBRATION_RULE, text: facts };
}

function decodeScaling(scaling: FieldReader): Llama3RopeScaling {
  const decoded = {
    factor: scaling.positive('factor'),
    lowFreqFactor: scaling.positive('lowFreqFactor'),
    highFreqFactor: scaling.positive('highFreqFactor'),
    originalMaxPositionEmbeddings: scaling.integer('originalMaxPositionEmbeddings', 1),
  };
  scaling.end();
  return decoded;
}
