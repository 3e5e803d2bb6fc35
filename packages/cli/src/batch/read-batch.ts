// Reads a file of prompts, and refuses it as a whole when one of its lines is malformed.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import { BadRequest, type KnownConstraints } from '@llama-ts/runtime';
import { readTextFile } from '../input/read-text-file.js';
import { type BatchLine, parseBatchLine } from './batch-line.js';

/** A file of prompts. */
export interface Batch {
  readonly text: string;
  /** Lines that are not empty. */
  readonly lines: readonly BatchLine[];
}

/** @throws ToolkitError `BAD_PROMPTS`, `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BAD_TEXT` */
export async function readBatch(path: string): Promise<Batch> {
  const text = await readTextFile(
    path,
    `divide it, and answer part after part: split -l 100000 ${shellQuote(path)} part-`,
  );
  const lines: BatchLine[] = [];
  const problems: { readonly line: number; readonly message: string }[] = [];
  const constraints: KnownConstraints = new Map();
  const lineOfId = new Map<string | number, number>();
  for (const [i, lineText] of text.split('\n').entries()) {
    if (lineText.trim() === '') continue;
    try {
      const parsed = parseBatchLine(lineText, i + 1, constraints);
      refuseSecond(parsed, lineOfId);
      lines.push(parsed);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      problems.push({ line: i + 1, message: error.message });
    }
  }
  const [first] = problems;
  if (first !== undefined) {
    const others = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
    throw refuse(
      path,
      `line ${first.line}: ${first.message}${others}`,
      `look at the line: sed -n ${first.line}p ${shellQuote(path)}`,
    );
  }
  if (lines.length === 0) {
    throw refuse(
      path,
      'no prompts, expected a JSON object a line',
      `begin with one: echo '{"prompt": "Once upon a time"}' > ${shellQuote(path)}`,
    );
  }
  return { text, lines };
}

function refuseSecond({ id, line }: BatchLine, lineOfId: Map<string | number, number>): void {
  if (id === null) return;
  const other = lineOfId.get(id);
  if (other !== undefined)
    throw new BadRequest('id', `id ${JSON.stringify(id)} is that of line ${other}, expected another`);
  lineOfId.set(id, line);
}

function refuse(path: string, problem: string, suggestion: string): ToolkitError {
  return new ToolkitError('BAD_PROMPTS', `${path}: ${problem}`, { suggestions: [suggestion] });
}
