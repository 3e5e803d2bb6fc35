// POST /tokenize, /detokenize and /apply-template: a text as the model reads it. Fields are those of llama-server.

import { ToolkitError } from '@llama-ts/base';
import { BadRequest, booleanKind, encodePrompt, type Tokenizer } from '@llama-ts/runtime';
import { encodeConversation } from '../answer/chat-answer.js';
import type { Call } from '../call.js';
import { conversationFields, readConversation } from '../request/chat-request.js';
import { checkFields, type FieldTable } from '../request/field-table.js';
import { completionFields, text, tokenList } from '../request/kinds.js';
import { readToolUse } from '../request/tools.js';
import type { ServerContext } from '../server-options.js';

const { model } = completionFields as Required<typeof completionFields>;

export const tokenizeTable: FieldTable = {
  required: ['content'],
  fields: {
    model: model!,
    content: { kind: text, description: 'give the text' },
    add_special: { kind: booleanKind, description: "put the model's begin-of-text token before it; default false" },
    parse_special: {
      kind: booleanKind,
      description: 'read names of special tokens as the tokens; default false',
    },
    with_pieces: { kind: booleanKind, description: 'give each token as {"id", "piece"}; default false' },
  },
};

export const detokenizeTable: FieldTable = {
  required: ['tokens'],
  fields: { model: model!, tokens: { kind: tokenList, description: 'give the token ids' } },
};

export const applyTemplateTable: FieldTable = {
  required: ['messages'],
  fields: { model: model!, ...conversationFields },
};

export async function tokenize(context: ServerContext, call: Call): Promise<Response> {
  const values = checkFields(await call.body(), tokenizeTable);
  context.checkModelName(values.model as string | undefined);
  const tokenizer = tokenizerOf(context);
  const specials = values.parse_special === true ? 'tokens' : 'text';
  const content = values.content as string;
  const ids =
    values.add_special === true
      ? encodePrompt(context.model, content, { specials })
      : tokenizer.encode(content, { specials });
  const tokens = values.with_pieces === true ? ids.map((id) => ({ id, piece: tokenizer.decode([id]) })) : ids;
  return Response.json({ tokens });
}

export async function detokenize(context: ServerContext, call: Call): Promise<Response> {
  const values = checkFields(await call.body(), detokenizeTable);
  context.checkModelName(values.model as string | undefined);
  const tokenizer = tokenizerOf(context);
  const ids = values.tokens as readonly number[];
  const stranger = ids.find((id) => id >= tokenizer.nTokens);
  if (stranger === undefined) return Response.json({ content: tokenizer.decode(ids) });
  throw new BadRequest('tokens', `tokens: ${stranger}, expected ids below ${tokenizer.nTokens}`);
}

/** The prompt of a conversation as text, and the tokens that an answer would follow. */
export async function applyTemplate(context: ServerContext, call: Call): Promise<Response> {
  const values = checkFields(await call.body(), applyTemplateTable);
  context.checkModelName(values.model as string | undefined);
  const conversation = readConversation(values, await readToolUse(values, context.constraints));
  const tokens = encodeConversation(context, conversation);
  return Response.json({ prompt: tokenizerOf(context).decode(tokens), tokens });
}

/** @throws ToolkitError `NO_TOKENIZER` */
function tokenizerOf({ model }: ServerContext): Tokenizer {
  if (model.tokenizer !== null) return model.tokenizer;
  throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one');
}
