// Reads Meta's tokenizer.model: a line of base64 and rank per token. It names no special tokens; Llama 3.2's follow.

import { bytesOfBase64, latin1 } from '@llama-ts/base';
import type { TokenizerData } from '@llama-ts/format';
import { show } from '../json-fields.js';
import { addToken, badTokenizer, createTokenTable, hasToken, packTokens } from './token-table.js';

const N_SPECIALS = 256;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const RANK = /^(?:0|[1-9]\d{0,8})$/;

/** @see meta-llama/Llama-3.2-1B-Instruct, tokenizer_config.json, `added_tokens_decoder` */
const leadingSpecials = [
  '<|begin_of_text|>',
  '<|end_of_text|>',
  '<|reserved_special_token_0|>',
  '<|reserved_special_token_1|>',
  '<|finetune_right_pad_id|>',
  '<|reserved_special_token_2|>',
  '<|start_header_id|>',
  '<|end_header_id|>',
  '<|eom_id|>',
  '<|eot_id|>',
  '<|python_tag|>',
];

/** Names of Llama 3.2's special tokens, in the order of their ids. (256) */
export const llama32Specials: readonly string[] = [
  ...leadingSpecials,
  ...Array.from({ length: N_SPECIALS - leadingSpecials.length }, (_, i) => `<|reserved_special_token_${i + 3}|>`),
];

/**
 * Reads the bytes of a tokenizer.model. Merges follow from the ranks, so none are listed.
 *
 * @param name the file's name, for messages
 * @param specialNames names by id, where they are others than Llama 3.2's
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function parseTiktoken(
  bytes: Uint8Array,
  name: string,
  specialNames: ReadonlyMap<number, string> = new Map(),
): TokenizerData {
  const table = createTokenTable();
  let nLines = 0;
  for (const line of linesOf(bytes)) {
    nLines++;
    const [base64, rank, ...rest] = line.split(' ', 3);
    if (!base64 || !BASE64.test(base64) || rank === undefined || !RANK.test(rank) || rest.length > 0) {
      throw badTokenizer(name, `line ${nLines} ${show(line)}, expected base64, a space and a rank`);
    }
    addToken(table, Number(rank), bytesOfBase64(base64), name);
  }
  const nPlain = table.nTokens;
  for (let id = 0; id < nPlain; id++) {
    if (!hasToken(table, id)) throw badTokenizer(name, `no rank ${id}, expected every rank from 0 to ${nPlain - 1}`);
  }
  const encoder = new TextEncoder();
  const specialTokens = llama32Specials.map((usual, i) => {
    const special = specialNames.get(nPlain + i) ?? usual;
    return { id: addToken(table, nPlain + i, encoder.encode(special), name), name: special };
  });
  return packTokens(table, { specialTokens }, { ignoreMerges: true, merges: null }, name);
}

/**
 * One line at a time, without line ends: an array of the lines of a file that holds only line ends would not fit into
 * memory.
 */
function* linesOf(bytes: Uint8Array): Generator<string> {
  const text = latin1(bytes);
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const line = text.slice(start, end);
    yield line.endsWith('\r') ? line.slice(0, -1) : line;
    start = end + 1;
  }
}
