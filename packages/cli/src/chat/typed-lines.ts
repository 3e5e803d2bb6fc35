// Lines typed at a terminal, with editing and history. The prompt goes to stderr: stdout holds the answers only.

import { emitKeypressEvents, type Key } from 'node:readline';
import { visible } from '../terminal/terminal-safe.js';
import { wrapWords } from '../terminal/wrap-words.js';
import { createEditorScreen } from './editor-screen.js';
import type { History } from './history.js';
import { createLineEditor, type EditorOutcome } from './line-editor.js';
import type { Line, LineSource } from './line-source.js';

/** Options of {@link typedLines}. */
export interface TypedLinesOptions {
  readonly history: History | null;
  /** Whole words that can complete the last word of a text. */
  readonly complete: (before: string) => readonly string[];
  /** Ctrl-C while nothing is asked for; false where there is nothing to stop. A raw terminal sends no signal. */
  readonly onInterrupt: () => boolean;
  readonly signal: AbortSignal;
}

/** Terminals that know it say where a paste begins and ends, so that its line ends are part of one message. */
const PASTE_MARKS_ON = '\x1b[?2004h';
const PASTE_MARKS_OFF = '\x1b[?2004l';
const CLEAR_SCREEN = '\x1b[H\x1b[2J';
const DEFAULT_ROWS = 24;
/** The file of history has a line for each text: U+2028, the line separator, stands for line ends within one. */
const LINE_END_IN_HISTORY = '\u2028';

/** Lines of the terminal. What is typed during an answer is not shown until the next prompt, and not lost. */
export function typedLines({ history, complete, onInterrupt, signal }: TypedLinesOptions): LineSource {
  const { stdin, stderr } = process;
  const editor = createLineEditor({ history: pastTexts(history), complete });
  const screen = createEditorScreen({
    write: (text) => stderr.write(text),
    columns: () => stderr.columns,
    rows: () => stderr.rows || DEFAULT_ROWS,
  });
  const ahead: Line[] = [];
  let prompt = '';
  let isPasting = false;
  let isClosed = false;
  /** Settles what `next` waits for; null during an answer. */
  let settle: ((line: Line) => void) | null = null;

  const draw = (): void => {
    if (settle !== null && !isPasting) screen.draw(prompt, editor.text, editor.before);
  };
  const onKey = (character: string | undefined, key: Key): void => {
    if (key.name === 'paste-start') isPasting = true;
    if (key.name === 'paste-end') isPasting = false;
    act(editor.press(character, key));
  };
  const onEnd = (): void => deliver({ type: 'end' });
  const take = (): void => {
    stdin.setRawMode(true);
    stderr.write(PASTE_MARKS_ON);
  };
  const release = (): void => {
    stderr.write(PASTE_MARKS_OFF);
    stdin.setRawMode(false);
  };
  const onContinue = (): void => {
    take();
    screen.forget();
    draw();
  };

  function act(outcome: EditorOutcome): void {
    if (outcome.type === 'submit') {
      void history?.add(outcome.text.replaceAll('\n', LINE_END_IN_HISTORY));
      deliver({ type: 'line', text: outcome.text });
    } else if (outcome.type === 'interrupt') {
      if (settle === null && onInterrupt()) return;
      editor.replace('');
      draw();
      deliver({ type: 'interrupt' });
    } else if (outcome.type === 'end') deliver({ type: 'end' });
    else if (outcome.type === 'suspend') suspend();
    else {
      if (outcome.type === 'clear-screen' && settle !== null) {
        stderr.write(CLEAR_SCREEN);
        screen.forget();
      }
      if (outcome.type === 'choices' && settle !== null) {
        screen.leave();
        stderr.write(`${wrapWords(outcome.words.join('  '), stderr.columns || Number.POSITIVE_INFINITY)}\n`);
      }
      draw();
    }
  }

  function suspend(): void {
    if (process.platform === 'win32') return;
    if (settle !== null) screen.leave();
    release();
    process.once('SIGCONT', onContinue);
    process.kill(process.pid, 'SIGTSTP');
  }

  function deliver(line: Line): void {
    if (settle === null) {
      ahead.push(line);
      return;
    }
    // The whole of what was typed stays on the screen, wherever the cursor was.
    if (line.type === 'line') screen.draw(prompt, line.text, line.text);
    screen.leave();
    const given = settle;
    settle = null;
    given(line);
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    signal.removeEventListener('abort', close);
    stdin.off('keypress', onKey);
    stdin.off('end', onEnd);
    process.off('SIGCONT', onContinue);
    stderr.off('resize', draw);
    release();
    stdin.pause();
    deliver({ type: 'end' });
  }

  signal.addEventListener('abort', close);
  emitKeypressEvents(stdin);
  stdin.on('keypress', onKey);
  stdin.on('end', onEnd);
  stderr.on('resize', draw);
  take();
  stdin.resume();

  return {
    isTerminal: true,
    canEdit: true,
    async next(request) {
      const came = ahead.shift();
      if (came !== undefined) {
        const text = came.type === 'line' ? visible(came.text) : '';
        stderr.write(`${request.prompt}${text}\n`);
        return came;
      }
      prompt = request.prompt;
      // Half a line may have been typed meanwhile.
      if (request.prefill !== undefined) editor.replace(request.prefill);
      return new Promise((resolve) => {
        settle = resolve;
        draw();
      });
    },
    close,
  };
}

function pastTexts(history: History | null): string[] {
  return (history?.lines ?? []).map((line) => line.replaceAll(LINE_END_IN_HISTORY, '\n'));
}
