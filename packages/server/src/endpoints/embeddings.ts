// POST /v1/embeddings: a vector for each text.

import { latin1 } from '@llama-ts/base';
import type { Call } from '../call.js';
import { type EmbeddingsRequest, readEmbeddingsRequest } from '../request/embeddings-request.js';
import type { ServerContext } from '../server-options.js';

/** @throws HttpError, ToolkitError */
export async function embeddings(context: ServerContext, call: Call): Promise<Response> {
  const { model, inputs, pooling, format } = readEmbeddingsRequest(await call.body());
  context.checkModelName(model);
  const found = await context.embedder.embed(inputs, { pooling, signal: call.signal });
  const nTokens = found.reduce((sum, one) => sum + one.nTokens, 0);
  const usage = { prompt_tokens: nTokens, total_tokens: nTokens };
  context.metrics.countPrompt(nTokens);
  call.setUsage({ ...usage, completion_tokens: 0, prompt_tokens_details: { cached_tokens: 0 } });
  return Response.json({
    object: 'list',
    data: found.map(({ vector }, index) => ({ object: 'embedding', index, embedding: written(vector, format) })),
    model: context.modelName,
    system_fingerprint: context.fingerprintOf(undefined),
    usage,
  });
}

function written(vector: Float32Array, format: EmbeddingsRequest['format']): string | number[] {
  if (format === 'float') return [...vector];
  const { buffer, byteOffset, byteLength } = vector;
  return btoa(latin1(new Uint8Array(buffer, byteOffset, byteLength)));
}
