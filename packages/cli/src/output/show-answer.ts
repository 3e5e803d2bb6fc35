// Shows an answer on stdout as it is generated: wrapped and made harmless at a terminal, unchanged in a pipe.

import { visible } from '../terminal/terminal-safe.js';
import { createTextWrapper, type TextWrapper } from '../terminal/wrap-text.js';

/** How to show an answer. */
export interface ShowAnswerOptions {
  /** false shows nothing: a report comes at the end. */
  readonly isShown: boolean;
  /** Control characters go to the terminal as they are, and nothing is wrapped. */
  readonly raw: boolean;
}

/** Begins an answer. `end` may be called twice, and ends its last line once. */
export function showAnswer({ isShown, raw }: ShowAnswerOptions): TextWrapper {
  const { stdout } = process;
  const write = (text: string): void => {
    if (isShown) stdout.write(text);
  };
  const isTamed = stdout.isTTY && !raw;
  const wrapper = isTamed ? createTextWrapper({ columns: () => stdout.columns, write }) : { push: write, end() {} };
  let isEnded = false;
  return {
    push: (text) => wrapper.push(isTamed ? visible(text) : text),
    end() {
      if (isEnded) return;
      isEnded = true;
      wrapper.end();
      write('\n');
    },
  };
}
