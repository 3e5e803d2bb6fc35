// What an unknown field of a request most likely means: a field under another program's name, a setting of the whole command, or
// a mistyped field.

import { nearest } from '@llama-ts/base';
import { namesHere } from './answer-fields.js';

/** Fields by what llama.cpp, ollama, transformers and OpenAI's API call them, where they are no options of an answer. */
const fieldsElsewhere: Readonly<Record<string, string>> = {
  ...each(['input', 'text', 'content', 'question', 'query'], 'prompt'),
  ...each(['message', 'conversation', 'chat', 'dialog'], 'messages'),
  ...each(['system', 'system_prompt', 'role'], 'messages with {"role": "system", "content": "…"} first'),
  ...each(['format', 'response_format', 'schema', 'guided_json'], 'json_schema, or "json_mode": true for any JSON'),
  ...each(['grammar', 'guided_regex', 'pattern'], 'regex, or json_schema'),
  ...each(['options', 'parameters', 'generation_config'], 'its fields beside the prompt: {"prompt": "…", "top_k": 40}'),
  ...each(['custom_id', 'request_id', 'key'], 'id'),
  ...each(['num_predict', 'n_predict', 'max_new_tokens', 'max_length', 'n'], 'max_tokens'),
  ...each(['min_new_tokens', 'min_length'], 'min_tokens'),
  ...each(['temp'], 'temperature'),
  ...each(['typical'], 'typical_p'),
  ...each(['stop_sequences', 'stop_strings', 'antiprompt', 'reverse_prompt'], 'stop'),
  ...each(['parse_special', 'special_tokens'], 'special'),
};

/** Flags that hold for all requests of a file, by what else they are called. */
const flagsElsewhere: Readonly<Record<string, string>> = {
  ...each(['threads', 'n_threads', 'num_thread', 'num_threads', 'threads_batch'], '--threads N'),
  ...each(['context', 'ctx_size', 'n_ctx', 'num_ctx', 'max_model_len'], '--context N'),
  ...each(['batch_size', 'n_parallel', 'parallel', 'num_parallel'], '--parallel N'),
  ...each(['cache_type', 'cache_type_k', 'cache_type_v'], '--cache-type TYPE'),
  ...each(['chat_template'], '--chat-template FILE'),
  ...each(['template_name'], '--template-name NAME'),
};

function each(names: readonly string[], meaning: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, meaning]));
}

/**
 * Follows "unknown field …, " in an error.
 *
 * @param known names of all fields
 * @example whatIsMeant('num_predict', ['prompt', 'max_tokens']); // 'expected max_tokens'
 */
export function whatIsMeant(stranger: string, known: readonly string[]): string {
  const name = stranger.replace(/(?<=[a-z])(?=[A-Z])|[-\s.]+/g, '_').toLowerCase();
  if (known.includes(name)) return `expected ${name}`;
  if (name === 't') return 'expected temperature; for threads, give --threads N to the command';
  const { field, flag } = namesHere(name);
  if (field !== null) return `expected ${field}`;
  const elsewhere = lookUp(fieldsElsewhere, name);
  if (elsewhere !== null) return `expected ${elsewhere}`;
  const setting = lookUp(flagsElsewhere, name) ?? (flag === null ? null : `--${flag}`);
  if (setting !== null) return `expected none: it holds for all requests, give ${setting} to the command`;
  return `expected ${nearest(name, known) ?? known.join(', ')}`;
}

function lookUp(table: Readonly<Record<string, string>>, name: string): string | null {
  return Object.hasOwn(table, name) ? table[name]! : null;
}
