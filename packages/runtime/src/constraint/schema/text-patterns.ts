// Automata of patterns and formats, over strings as JSON spells them between quotes; each made once.

import { spellJson } from '../automaton/byte-ranges.js';
import type { Dfa } from '../automaton/dfa.js';
import { regexDfa, searchDfa } from '../automaton/text-automata.js';
import { characterNode } from '../json/lexemes.js';
import { parseRegex } from '../regex/parse-regex.js';
import type { WorkBudget } from '../work.js';
import { formatPatterns } from './formats.js';

/** Patterns that a string must match; a null pattern accepts no string. */
export interface TextPatterns {
  /** Strings with a part that the pattern matches. @throws ToolkitError `BAD_PATTERN`, `LIMIT_EXCEEDED` */
  pattern(source: string): Dfa | null;
  /** Strings of a format; undefined for one without a pattern. */
  format(name: string): Dfa | null | undefined;
  /** Strings of `min` to `max` characters. @throws ToolkitError `LIMIT_EXCEEDED` */
  length(min: number, max: number): Dfa | null;
}

export function createTextPatterns(work: WorkBudget): TextPatterns {
  const known = new Map<string, Dfa | null>();
  const once = (name: string, make: () => Dfa | null): Dfa | null => {
    const found = known.has(name) ? known.get(name)! : make();
    known.set(name, found);
    return found;
  };
  return {
    pattern: (source) => once(`pattern ${source}`, () => searchDfa(parseRegex(source), spellJson, work)),
    format: (name) =>
      Object.hasOwn(formatPatterns, name)
        ? once(`format ${name}`, () => regexDfa(parseRegex(formatPatterns[name]!), spellJson, work))
        : undefined,
    length: (min, max) =>
      once(`length ${min} ${max}`, () =>
        min > max ? null : regexDfa({ type: 'repeat', item: characterNode, min, max }, spellJson, work),
      ),
  };
}
