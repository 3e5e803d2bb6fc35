// Answers while they grow: the blocks that a reader cuts them into are those of the whole text.

import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { createBlockReader, type Lexer } from '../../packages/web/src/page/markdown/blocks.js';

const { lexer } = createRequire(new URL('../../packages/web/package.json', import.meta.url))('marked') as {
  readonly lexer: Lexer;
};

/** Lines, and parts of lines, that begin, go on with or end a block. */
const pieces = fc.constantFrom(
  ...['# Title', 'A cow', ' says *moo*', '\n', '\n\n', '- one', '- ', '  - two', '    deep', '1. first', '10. tenth'],
  ...[
    '```ts',
    '```',
    '~~~',
    'const a = 1;',
    '> quoted',
    '| a | b |',
    '|---|--:|',
    '| 1 | 2 |',
    '===',
    '---',
    '***',
    '\t',
  ],
  ...['<div>', '</div>', '[a]: http://x.example', '[a](b)', '   ', '`', '<!--', '-->', '* star', '+ plus'],
);

/** Empty lines stand with one block or another. */
const trimmed = (blocks: readonly string[]): string[] =>
  blocks.map((block) => block.trim()).filter((block) => block !== '');
const letters = (text: string): string => text.replaceAll(/\s/g, '');

describe('an answer that grows', () => {
  it('is cut into blocks that lose none of its letters, at every moment', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const reader = createBlockReader(lexer);
        let text = '';
        for (const part of parts) {
          text += part;
          assert.equal(letters(reader.read(text).join('')), letters(text));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the same blocks in the end, whether it came at once or bit by bit', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const grown = createBlockReader(lexer);
        let text = '';
        for (const part of parts) {
          text += part;
          grown.read(text);
        }
        const whole = lexer(text).filter(({ type }) => type !== 'space');
        assert.deepEqual(trimmed(grown.read(text)), trimmed(whole.map(({ raw }) => raw)));
      }),
      { numRuns: 300 },
    );
  });

  it('is read from its last block on alone, however long it is', () => {
    const lengths: number[] = [];
    const reader = createBlockReader((text) => {
      lengths.push(text.length);
      return lexer(text);
    });
    let text = '';
    for (let i = 0; i < 500; i++) {
      text += `Paragraph ${i} of a story that goes on and on.\n\n`;
      reader.read(text);
    }
    assert.ok(Math.max(...lengths) < 200, `${Math.max(...lengths)}`);
  });

  it('is read anew when it is another one', () => {
    const reader = createBlockReader(lexer);
    reader.read('A cow\n\nsays\n\nmoo');
    assert.deepEqual(reader.read('# A duck\n\nquacks'), ['# A duck\n\n', 'quacks']);
  });
});
