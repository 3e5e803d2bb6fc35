// A request for embeddings: its fields, and what they say.

import type { JsonObject } from '@llama-ts/base';
import { BadRequest, type Pooling, poolings } from '@llama-ts/runtime';
import { checkFields, type FieldTable } from './field-table.js';
import { completionFields, harmlessFields, oneOfTexts } from './kinds.js';
import { type Prompts, prompts, promptsOf } from './prompts.js';

/** A request for embeddings. */
export interface EmbeddingsRequest {
  readonly model: string | undefined;
  readonly inputs: Prompts;
  readonly pooling: Pooling;
  readonly format: 'float' | 'base64';
}

/** As many as OpenAI takes. */
const MAX_INPUTS = 2048;

/** Fields of a request for embeddings. */
export const embeddingsTable: FieldTable = {
  required: ['input'],
  fields: {
    model: completionFields.model!,
    input: { kind: prompts, description: `give a text, or tokens, or a list of up to ${MAX_INPUTS} of either` },
    encoding_format: {
      kind: oneOfTexts('float', 'base64'),
      description: 'write each vector as numbers, or as base64 of little-endian float32; default float',
    },
    pooling: {
      kind: oneOfTexts(...poolings),
      description: 'make the vector of the mean over all tokens, or of the last one; default mean',
    },
  },
  ignored: harmlessFields,
  refused: { dimensions: { remedy: 'a vector has as many as the hidden states of the model' } },
};

/** @throws BadRequest */
export function readEmbeddingsRequest(body: JsonObject): EmbeddingsRequest {
  const values = checkFields(body, embeddingsTable);
  const inputs = promptsOf(values.input)!;
  if (inputs.length > MAX_INPUTS) {
    throw new BadRequest('input', `input: ${inputs.length} of them, expected at most ${MAX_INPUTS}`);
  }
  return {
    model: values.model as string | undefined,
    inputs,
    pooling: (values.pooling as Pooling | undefined) ?? 'mean',
    format: (values.encoding_format as EmbeddingsRequest['format'] | undefined) ?? 'float',
  };
}
