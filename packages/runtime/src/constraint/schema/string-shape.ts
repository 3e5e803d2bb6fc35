// Strings: length, pattern and format.

import { spellJson } from '../automaton/byte-ranges.js';
import { intersectDfas } from '../automaton/determinize.js';
import { regexDfa, searchDfa } from '../automaton/text-automata.js';
import { characterNode } from '../json/lexemes.js';
import { never, type Shape } from '../json/shape.js';
import { parseRegex } from '../regex/parse-regex.js';
import { valuesOf } from './conjunction.js';
import { formatPatterns } from './formats.js';
import { unsupported } from './keywords.js';
import type { SchemaNode } from './schema-document.js';

/** @throws ToolkitError `UNSUPPORTED_SCHEMA`, `BAD_PATTERN`, `LIMIT_EXCEEDED` */
export function stringShape(nodes: readonly SchemaNode[]): Shape {
  const min = Math.max(0, ...valuesOf<number>(nodes, 'minLength'));
  const max = Math.min(...valuesOf<number>(nodes, 'maxLength'));
  const automata = [
    ...valuesOf<string>(nodes, 'pattern').map((pattern) => searchDfa(parseRegex(pattern), spellJson)),
    ...valuesOf<string>(nodes, 'format').map((format) => regexDfa(formatNode(nodes, format), spellJson)),
  ];
  if (automata.length === 0) return { type: 'string', min, max };
  if (min > max) return never;
  if (min > 0 || max < Number.POSITIVE_INFINITY) {
    automata.push(regexDfa({ type: 'repeat', item: characterNode, min, max }, spellJson));
  }
  const content = automata.reduce((a, b) => (a === null || b === null ? null : intersectDfas(a, b)));
  return content === null ? never : { type: 'matching-string', content };
}

function formatNode(nodes: readonly SchemaNode[], format: string) {
  if (Object.hasOwn(formatPatterns, format)) return parseRegex(formatPatterns[format]!);
  const owner = nodes.find(({ schema }) => typeof schema !== 'boolean' && schema.format === format)!;
  throw unsupported(
    `${owner.pointer}/format: ${JSON.stringify(format)} is not enforced`,
    `write a pattern, or one of ${Object.keys(formatPatterns).join(', ')}`,
  );
}
