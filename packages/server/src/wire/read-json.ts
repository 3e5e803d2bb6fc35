// Reads the body of a request: JSON of a bounded size and depth.

import { concatBytes, isJsonTooDeep, isObject, type JsonObject, MAX_JSON_DEPTH } from '@llama-ts/base';
import { HttpError } from './http-error.js';

/**
 * The object that a body holds.
 *
 * @param maxBytes a longer body is refused as soon as it is seen to be longer
 * @throws HttpError 413 for a body that is too long, 400 for what is no JSON object
 */
export async function readJson(request: Request, maxBytes: number): Promise<JsonObject> {
  const bytes = await readBytes(request, maxBytes);
  if (isJsonTooDeep(bytes)) {
    throw new HttpError(400, 'json_too_deep', `body nested more than ${MAX_JSON_DEPTH} deep`);
  }
  const value = parse(bytes);
  if (!isObject(value)) throw new HttpError(400, 'invalid_json', 'body: expected a JSON object');
  return value;
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): HttpError =>
    new HttpError(413, 'body_too_large', `body of more than ${maxBytes} bytes, the most that this server reads`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let nBytes = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    nBytes += chunk.byteLength;
    if (nBytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new HttpError(400, 'invalid_json', `body: no JSON in UTF-8: ${(error as Error).message}`);
  }
}
