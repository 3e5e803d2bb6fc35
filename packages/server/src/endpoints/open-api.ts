// The OpenAPI document, made of the declarations that requests are checked against.

import { TOOL } from '@llama-ts/base';
import type { Field, FieldTable } from '../request/field-table.js';
import type { Endpoint } from './endpoint.js';

/** @see https://spec.openapis.org/oas/v3.1.0 */
export function openApi(endpoints: readonly Endpoint[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint, path) };
  }
  const [title, version] = TOOL.split(' ');
  return {
    openapi: '3.1.0',
    info: { title, version },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        header: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
    paths,
  };
}

function operation({ summary, needsKey, table, errors }: Endpoint, path: string): object {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  return {
    summary,
    security: needsKey ? [{ bearer: [] }, { header: [] }] : [],
    ...(name === undefined ? {} : { parameters: [{ name, in: 'path', required: true, schema: { type: 'string' } }] }),
    ...(table === null ? {} : { requestBody: { required: true, content: jsonOf(bodySchema(table)) } }),
    responses: {
      200: { description: 'the answer' },
      default: { description: 'a refusal', content: jsonOf(errorSchemas[errors]) },
    },
  };
}

function bodySchema({ fields, required = [] }: FieldTable): object {
  const property = ([name, { kind, description }]: [string, Field]) => [name, { description, ...kind.schema }] as const;
  return {
    type: 'object',
    required,
    properties: Object.fromEntries(Object.entries(fields).map(property)),
  };
}

const openaiError = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'code', 'param'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        code: { type: 'string' },
        param: { type: ['string', 'null'] },
      },
    },
  },
};

const anthropicErrorSchema = {
  type: 'object',
  required: ['type', 'error'],
  properties: {
    type: { const: 'error' },
    error: {
      type: 'object',
      required: ['type', 'message'],
      properties: { type: { type: 'string' }, message: { type: 'string' } },
    },
  },
};

const errorSchemas = { openai: openaiError, anthropic: anthropicErrorSchema };

function jsonOf(schema: object): object {
  return { 'application/json': { schema } };
}
