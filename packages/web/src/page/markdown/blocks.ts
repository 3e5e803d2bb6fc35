// Cuts a text of Markdown that grows into its blocks (paragraphs, lists, code, …), so that only the last one has to be read
// again when more comes, and those before it stay on the screen untouched.

import type { Token } from 'marked';

/** Cuts a text into tokens, whose `raw` texts are those of the text, but for white space here and there. */
export type Lexer = (text: string) => readonly Token[];

/** Reads a text again and again while it grows. */
export interface BlockReader {
  /** The text of each block. `text` may differ from the last one, which costs a reading from its start. */
  read(text: string): readonly string[];
}

export function createBlockReader(lex: Lexer): BlockReader {
  let last = '';
  /** Blocks that nothing after them can change. */
  let settled: string[] = [];
  let nSettled = 0;

  return {
    read(text) {
      if (!text.startsWith(last)) {
        settled = [];
        nSettled = 0;
      }
      last = text;
      settle(text);
      return [...settled, ...blocksOf(lex(text.slice(nSettled)))];
    },
  };

  /** A block is over when another one has begun in a line that is whole: half a line may yet become part of it. */
  function settle(text: string): void {
    const lines = text.slice(nSettled, text.lastIndexOf('\n') + 1);
    const blocks = blocksOf(lex(lines));
    for (const block of blocks.slice(0, -1)) {
      // After a block whose white space was changed, the place of the next one is not known.
      if (!text.startsWith(block, nSettled)) return;
      settled.push(block);
      nSettled += block.length;
    }
  }
}

/** Empty lines belong to the block before them. */
function blocksOf(tokens: readonly Token[]): string[] {
  const blocks: string[] = [];
  for (const { type, raw } of tokens) {
    if (type === 'space' && blocks.length > 0) blocks.push(blocks.pop()! + raw);
    else blocks.push(raw);
  }
  return blocks;
}
