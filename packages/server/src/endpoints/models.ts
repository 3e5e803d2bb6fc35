// GET /v1/models and /v1/models/{id}: the one model that is served.

import type { Call } from '../call.js';
import type { ServerContext } from '../server-options.js';

export async function listModels(context: ServerContext): Promise<Response> {
  return Response.json({ object: 'list', data: [modelOf(context)] });
}

/** @throws HttpError 404 */
export async function oneModel(context: ServerContext, { name }: Call): Promise<Response> {
  context.checkModelName(name);
  return Response.json(modelOf(context));
}

function modelOf({ modelName, startedAt, model, modelSha256 }: ServerContext) {
  return {
    id: modelName,
    object: 'model',
    created: startedAt,
    owned_by: 'llama3.2.ts',
    context_length: model.contextLength,
    sha256: modelSha256,
  };
}
