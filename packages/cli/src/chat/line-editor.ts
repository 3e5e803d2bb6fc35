// The text of a prompt while it is typed: editing by grapheme, history, completion. It draws nothing.

import type { Key } from 'node:readline';
import { graphemes } from '../terminal/text-width.js';

/** What a key did, if it did more than change the text. */
export type EditorOutcome =
  | { readonly type: 'changed' }
  | { readonly type: 'submit'; readonly text: string }
  | { readonly type: 'interrupt' }
  | { readonly type: 'end' }
  | { readonly type: 'suspend' }
  | { readonly type: 'clear-screen' }
  /** Several words could follow. */
  | { readonly type: 'choices'; readonly words: readonly string[] };

/** Text with a cursor in it. */
export interface LineEditor {
  readonly text: string;
  /** The text before the cursor. */
  readonly before: string;
  /** Takes a key as `readline.emitKeypressEvents` describes it. */
  press(character: string | undefined, key: Key): EditorOutcome;
  /** Puts another text in place, with the cursor at its end. */
  replace(text: string): void;
}

/** How to edit. */
export interface LineEditorOptions {
  /** Texts of before, newest first. */
  readonly history: readonly string[];
  /** Whole words that can complete the last word of a text. */
  readonly complete: (before: string) => readonly string[];
}

const CHANGED: EditorOutcome = { type: 'changed' };
/** A word, and what separates it from the cursor. */
const WORD_BEFORE = /[^\s\p{P}]*[\s\p{P}]*$/u;
const WORD_AFTER = /^[\s\p{P}]*[^\s\p{P}]*/u;

export function createLineEditor({ history, complete }: LineEditorOptions): LineEditor {
  const past = [...history];
  let before = '';
  let after = '';
  let killed = '';
  let isPasting = false;
  let endedWithReturn = false;
  /** Place in the past; -1 is the text that is being written, which waits in `draft`. */
  let place = -1;
  let draft = '';

  function set(left: string, right: string): EditorOutcome {
    before = left;
    after = right;
    return CHANGED;
  }

  function insert(text: string): EditorOutcome {
    return set(before + text, after);
  }

  function submit(): EditorOutcome {
    const text = before + after;
    if (text.trim() !== '') {
      const known = past.indexOf(text);
      if (known >= 0) past.splice(known, 1);
      past.unshift(text);
    }
    place = -1;
    set('', '');
    return { type: 'submit', text };
  }

  function recall(step: number): EditorOutcome {
    const next = place + step;
    if (next < -1 || next >= past.length) return CHANGED;
    if (place === -1) draft = before + after;
    place = next;
    return set(place === -1 ? draft : past[place]!, '');
  }

  function kill(left: string, right: string, text: string): EditorOutcome {
    if (text !== '') killed = text;
    return set(left, right);
  }

  function completeWord(): EditorOutcome {
    const typed = /\S*$/.exec(before)![0];
    const words = complete(before).filter((word) => word.startsWith(typed));
    if (words.length === 0) return CHANGED;
    const shared = words.reduce((common, word) => commonStart(common, word));
    const rest = shared.slice(typed.length) + (words.length === 1 && after === '' ? ' ' : '');
    return rest === '' ? { type: 'choices', words } : insert(rest);
  }

  /** Line ends of a paste are part of the text; CR LF is one of them. */
  function pasteKey(character: string | undefined, key: Key): EditorOutcome {
    const isReturn = key.name === 'return';
    const isLineFeed = key.name === 'enter';
    const isSecond = isLineFeed && endedWithReturn;
    endedWithReturn = isReturn;
    if (key.name === 'paste-end') isPasting = false;
    else if (isReturn || (isLineFeed && !isSecond)) insert('\n');
    else if (!isLineFeed) insert(key.name === 'tab' ? '\t' : (character ?? ''));
    return CHANGED;
  }

  const controls: Readonly<Record<string, () => EditorOutcome>> = {
    a: () => set('', before + after),
    e: () => set(before + after, ''),
    b: left,
    f: right,
    p: () => recall(1),
    n: () => recall(-1),
    h: deleteBefore,
    d: () => (before + after === '' ? { type: 'end' } : deleteAfter()),
    u: () => kill('', after, before),
    k: () => kill(before, '', after),
    w: () => deleteWordBefore(/\S*\s*$/u),
    y: () => insert(killed),
    l: () => ({ type: 'clear-screen' }),
    c: () => ({ type: 'interrupt' }),
    z: () => ({ type: 'suspend' }),
    left: wordLeft,
    right: wordRight,
    backspace: () => deleteWordBefore(WORD_BEFORE),
    delete: deleteWordAfter,
  };
  const metas: Readonly<Record<string, () => EditorOutcome>> = {
    b: wordLeft,
    f: wordRight,
    d: deleteWordAfter,
    left: wordLeft,
    right: wordRight,
    backspace: () => deleteWordBefore(WORD_BEFORE),
  };
  const names: Readonly<Record<string, () => EditorOutcome>> = {
    return: submit,
    enter: submit,
    tab: completeWord,
    left,
    right,
    up: () => recall(1),
    down: () => recall(-1),
    home: controls.a!,
    end: controls.e!,
    backspace: deleteBefore,
    delete: deleteAfter,
    'paste-start'() {
      isPasting = true;
      return CHANGED;
    },
    'paste-end': () => CHANGED,
  };

  return {
    get text() {
      return before + after;
    },
    get before() {
      return before;
    },
    press(character, key) {
      if (isPasting) return pasteKey(character, key);
      const { name = '', ctrl, meta } = key;
      const table = ctrl === true ? controls : meta === true ? metas : names;
      if (Object.hasOwn(table, name)) return table[name]!();
      if (ctrl === true || meta === true || character === undefined || /^[\p{Cc}]/u.test(character)) return CHANGED;
      return insert(character);
    },
    replace(text) {
      place = -1;
      set(text, '');
    },
  };

  function left(): EditorOutcome {
    const last = graphemes(before).at(-1) ?? '';
    return set(before.slice(0, before.length - last.length), last + after);
  }

  function right(): EditorOutcome {
    const first = graphemes(after)[0] ?? '';
    return set(before + first, after.slice(first.length));
  }

  function deleteBefore(): EditorOutcome {
    const last = graphemes(before).at(-1) ?? '';
    return set(before.slice(0, before.length - last.length), after);
  }

  function deleteAfter(): EditorOutcome {
    return set(before, after.slice((graphemes(after)[0] ?? '').length));
  }

  function wordLeft(): EditorOutcome {
    const word = WORD_BEFORE.exec(before)![0];
    return set(before.slice(0, before.length - word.length), word + after);
  }

  function wordRight(): EditorOutcome {
    const word = WORD_AFTER.exec(after)![0];
    return set(before + word, after.slice(word.length));
  }

  function deleteWordBefore(pattern: RegExp): EditorOutcome {
    const word = pattern.exec(before)![0];
    return kill(before.slice(0, before.length - word.length), after, word);
  }

  function deleteWordAfter(): EditorOutcome {
    const word = WORD_AFTER.exec(after)![0];
    return kill(before, after.slice(word.length), word);
  }
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}
