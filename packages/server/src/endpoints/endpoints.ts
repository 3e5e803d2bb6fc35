// Every endpoint and its handler.

import { countTokensTable, messagesTable } from '../anthropic/messages-request.js';
import { chatTable } from '../request/chat-request.js';
import { completionTable } from '../request/completion-request.js';
import { embeddingsTable } from '../request/embeddings-request.js';
import type { FieldTable } from '../request/field-table.js';
import { responsesTable } from '../responses/responses-request.js';
import { chatCompletions } from './chat-completions.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import type { Endpoint } from './endpoint.js';
import { countTokens, messages } from './messages.js';
import { giveMetrics } from './metrics.js';
import { listModels, oneModel } from './models.js';
import { openApi } from './open-api.js';
import { responses } from './responses.js';
import { applyTemplate, applyTemplateTable, detokenize, detokenizeTable, tokenize, tokenizeTable } from './tokens.js';

/** Every endpoint of the server, with what handles it. */
export const endpoints: readonly Endpoint[] = [
  post('/v1/chat/completions', 'answer a conversation', chatTable, chatCompletions),
  post('/v1/completions', 'continue texts', completionTable, completions),
  post('/v1/responses', "answer a conversation of OpenAI's Responses API", responsesTable, responses),
  post('/v1/embeddings', 'give the embeddings of texts', embeddingsTable, embeddings),
  anthropic(post('/v1/messages', "answer a conversation of Anthropic's API", messagesTable, messages)),
  anthropic(
    post('/v1/messages/count_tokens', 'count the tokens of such a conversation', countTokensTable, countTokens),
  ),
  get('/v1/models', 'list the model', listModels),
  get('/v1/models/:name', 'describe the model', oneModel),
  post('/tokenize', 'give the tokens of a text', tokenizeTable, tokenize),
  post('/detokenize', 'give the text of tokens', detokenizeTable, detokenize),
  post('/apply-template', 'give the prompt of a conversation', applyTemplateTable, applyTemplate),
  { ...get('/health', 'say whether the server answers', health), needsKey: false },
  get('/metrics', 'give counts and times to Prometheus', giveMetrics),
  get('/openapi.json', 'describe the API', async () => Response.json(openApi(endpoints))),
];

function post(path: string, summary: string, table: FieldTable, handle: Endpoint['handle']): Endpoint {
  return { method: 'POST', path, summary, needsKey: true, table, errors: 'openai', handle };
}

function get(path: string, summary: string, handle: Endpoint['handle']): Endpoint {
  return { method: 'GET', path, summary, needsKey: true, table: null, errors: 'openai', handle };
}

function anthropic(endpoint: Endpoint): Endpoint {
  return { ...endpoint, errors: 'anthropic' };
}

async function health(): Promise<Response> {
  return Response.json({ status: 'ok' });
}
