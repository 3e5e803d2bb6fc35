// Random chat templates: most of them sound, with typed expressions over variables that are there, some with a part that
// asks for too much, some of any parts at all.

import { randomParts } from './random-parts.mjs';
import { seeded } from './seeded.mjs';

/** Six of ten templates are sound, three have one part that may cost too much, and one has random parts. */
export function randomTemplate(seed) {
  const choose = seeded(seed);
  const kind = choose.below(10);
  if (kind === 9) return randomParts(choose);
  const grammar = typedGrammar(choose);
  const statements = choose.times(1 + choose.below(5), () => grammar.statement(1 + choose.below(3)));
  if (kind >= 6) statements.splice(choose.below(statements.length + 1), 0, greedy(choose, grammar));
  return START + statements.join('');
}

const START =
  "{%- set ns = namespace(s='ab', n=1, l=[1]) -%}{%- set text = messages[0].content -%}{%- set num = 7 -%}{%- set list = [3, 1, 2] -%}{%- set words = ['b', 'a', 'é😀'] -%}{%- set map = {'a': 1, 'b': [2], 'c': none} -%}{%- macro m(a, b=1) -%}{{ a }}{{ b }}{%- endmacro -%}{%- macro c(a) -%}{{ caller(a) }}{%- endmacro -%}";

/** Expressions by what they give, so that most of them do. */
function typedGrammar({ below, chance, pick, times }) {
  const leaves = {
    text: [
      'text',
      'ns.s',
      "'ab '",
      "'é😀'",
      "'<|eot_id|>'",
      'bos_token',
      "messages[-1]['role']",
      "'x-y z'",
      "''",
      'm(1)',
    ],
    number: ['num', 'ns.n', '0', '1', '2', '-3', '1.5', 'messages | length', 'words | length', '100000'],
    list: ['list', 'ns.l', '[1, 2]', 'range(9)', '[]', 'range(3) | list'],
    words: ['words', "['q', 'p']", "text.split(' ')", "messages | map(attribute='role') | list", 'map.keys() | list'],
    map: ['map', "{'k': 1}", 'messages[0]', '{}', 'tools[0].function'],
    truth: ['true', 'false', 'tools', 'text', 'loop is defined', "messages[0].role == 'user'", 'nothing is defined'],
  };
  const e = (type, depth) => {
    if (depth <= 0 || chance(0.15)) return pick(leaves[type]);
    const of = (other) => e(other, depth - 1);
    return pick(makers[type])(of, depth - 1);
  };
  const small = () => below(12);
  const makers = {
    text: [
      (of) => `(${of('text')} ~ ${of(pick(['text', 'number', 'list', 'map', 'truth']))})`,
      (of) => `(${of('text')} + ${of('text')})`,
      (of) =>
        `(${of('text')}) | ${pick(['upper', 'lower', 'title', 'trim', 'capitalize', 'reverse', 'escape', 'striptags', 'urlencode', 'string', 'indent(2)', 'center(30)', 'wordwrap(5)', 'truncate(9)', "replace('a', 'bb')", "default('x')", 'tojson', 'safe', 'forceescape', 'pprint'])}`,
      (of) =>
        `(${of('text')}).${pick(['upper()', 'lower()', 'strip()', "lstrip('a')", 'rstrip()', 'title()', 'swapcase()', 'casefold()', 'capitalize()', 'zfill(9)', "ljust(9, '.')", 'expandtabs()', "replace('b', '')", "removeprefix('a')", "join(['p', 'q'])", "partition('a')[0]"])}`,
      (of) => `(${of('text')})[${pick(['1:', ':-1', '::2', '::-1', '0:3'])}]`,
      (of) => `(${of(pick(['words', 'list']))}) | join(${pick(["', '", "''", 'text'])})`,
      (of) =>
        `(${of(pick(['map', 'list', 'words', 'number', 'text']))}) | tojson${pick(['', '(indent=2)', '(sort_keys=true)', '(ensure_ascii=true)'])}`,
      (of) => `(${of(pick(['map', 'list', 'words', 'number']))}) | string`,
      (of) => `'%s|%5s|%r' % (${of('text')}, ${of('number')}, ${of('words')})`,
      (of) => `'%05d %.3f %x' % (${small()}, ${of('number')}, ${small()})`,
      (of) => `'{} {:>6} {!r}'.format(${of('text')}, ${small()}, ${of('list')})`,
      (of) => `(${of('text')} if ${of('truth')} else ${of('text')})`,
      (of) => `((${of('text')}) * ${below(4)})`,
      (of) => `m(${of('text')}, b=${of('number')})`,
      () => "strftime_now('%d %b %Y')",
    ],
    number: [
      (of) => `(${of('number')} ${pick(['+', '-', '*'])} ${of('number')})`,
      (of) => `(${of('number')} ${pick(['//', '%', '/'])} ${pick(['2', '7', '-3', '2.5'])})`,
      () => `(${pick(['2', '3', '10'])} ** ${below(70)})`,
      (of) => `(${of(pick(['text', 'list', 'words', 'map']))}) | length`,
      (of) => `(${of('number')}) | ${pick(['abs', 'round', 'round(1)', 'int', 'float', "round(2, 'floor')"])}`,
      (of) => `(${of('text')}).${pick(["find('a')", "count('b')", "rfind('b')"])}`,
      (of) => `(${of('text')}) | ${pick(['wordcount', 'int', 'float', 'length'])}`,
      (of) => `(${of('list')}) | sum`,
      (of) => `(${of('number')} if ${of('truth')} else ${of('number')})`,
    ],
    list: [
      (of) =>
        `(${of('list')}) | ${pick(['sort', 'list', 'reverse | list', 'unique | list', "map('string') | map('int') | list", "select('odd') | list", "reject('even') | list", 'sort(reverse=true)'])}`,
      () => `range(${small()}, ${20 + small()}, ${1 + small()}) | list`,
      (of) => `[${times(below(4), () => of('number')).join(', ')}]`,
      (of) => `((${of('list')}) | list + [${small()}])`,
      (of) => `((${of('list')}) | list)[${pick(['1:', ':2', '::-1'])}]`,
    ],
    words: [
      (of) =>
        `(${of('words')}) | ${pick(['sort', 'list', 'unique | list', "map('upper') | list", 'reverse | list', "select('string') | list"])}`,
      (of) => `(${of('text')}).${pick(["split('a')", 'split()', 'splitlines()', "rsplit('b', 1)"])}`,
      (of) => `[${times(below(4), () => of('text')).join(', ')}]`,
      (of) => `(${of('text')}) | list`,
      (of) => `(${of('words')} + ${of('words')})`,
    ],
    map: [
      (of) =>
        `{${times(below(4), (i) => `'${pick(['a', 'b', 'c'])}${i}': ${of(pick(['text', 'number', 'list', 'map']))}`).join(', ')}}`,
      (of) => `dict(${of('map')}, z=${of('number')})`,
      (of) => `dict((${of('map')}) | dictsort)`,
      (of) => `dict((${of('map')}).items())`,
    ],
    truth: [
      (of) => `(${of('number')} ${pick(['==', '!=', '<', '<=', '>', '>='])} ${of('number')})`,
      (of) => `(${of('text')} ${pick(['==', '!=', 'in', 'not in', '<'])} ${of('text')})`,
      (of) => `(${of('truth')} ${pick(['and', 'or'])} ${of('truth')})`,
      (of) => `not ${of('truth')}`,
      (of) =>
        `(${of(pick(['text', 'number', 'list', 'map', 'words']))}) is ${pick(['string', 'mapping', 'iterable', 'none', 'number', 'defined', 'sequence'])}`,
      (of) => `(${of('number')} in ${of('list')})`,
      (of) =>
        `(${of('text')}).${pick(["startswith('a')", 'isalpha()', 'islower()', 'isdigit()', 'istitle()', "endswith('b')"])}`,
    ],
  };
  const types = Object.keys(makers);
  const any = (depth = 1 + below(3)) => e(pick(types), depth);
  const body = (depth) => times(1 + below(3), () => statement(depth - 1)).join('');
  const inner = [
    (depth) => `{% for x in ${e(pick(['list', 'words', 'text']), 2)} %}${body(depth)}{{ loop.index }}{% endfor %}`,
    (depth) =>
      `{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>{{ message['content'] | trim }}${body(depth)}<|eot_id|>{% endfor %}`,
    (depth) => `{% for k, v in (${e('map', 1)}).items() %}{{ k }}={{ v }}${body(depth)}{% endfor %}`,
    (depth) => `{% for x in ${e('list', 1)} if ${e('truth', 1)} %}${body(depth)}{% else %}none{% endfor %}`,
    (depth) =>
      `{% if ${e('truth', 2)} %}${body(depth)}{% elif ${e('truth', 1)} %}${body(depth)}{% else %}${body(depth)}{% endif %}`,
    (depth) => `{% macro q(a, b='y') %}${body(depth)}{{ a ~ b }}{% endmacro %}{{ q(${e('text', 1)}) }}`,
    (depth) => `{% set text %}${body(depth)}{% endset %}`,
    (depth) => `{% filter ${pick(['upper', 'trim', 'title', 'indent(2)', 'escape'])} %}${body(depth)}{% endfilter %}`,
    (depth) => `{% with num = ${e('number', 1)} %}${body(depth)}{% endwith %}`,
    (depth) => `{% call(z) c(${e('text', 1)}) %}${body(depth)}{% endcall %}`,
    (depth) => `{% for x in range(${below(60)}) %}${body(depth)}{% if loop.last %}{% break %}{% endif %}{% endfor %}`,
  ];
  const plain = [
    () => `{{ ${any()} }}`,
    () => `{{- ${e('text', 3)} -}}`,
    () => `{% set ns.s = ${e('text', 2)} %}`,
    () => `{% set ns.n = ${e('number', 2)} %}`,
    () => `{% set ns.l = (${e('list', 2)}) | list %}`,
    () => `{% set words = ${e('words', 2)} %}`,
    () => '\n  text {# a note #}\n',
    () => '{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>{% endif %}',
  ];
  const statement = (depth) => (depth <= 0 || chance(0.3) ? pick(plain)() : pick(inner)(depth));
  return { statement, e };
}

/** A part that doubles, nests, recurses or goes through much. */
function greedy({ below, pick }, { statement, e }) {
  const n = pick([9, 99, 2000, 90000]);
  const inside = () => statement(below(2));
  return pick([
    () => `{% for y in range(${n}) %}${inside()}{% endfor %}`,
    () => `{% for y in range(${n}) %}{% for z in range(${n}) %}${inside()}{% endfor %}{% endfor %}`,
    () =>
      `{% for y in range(${pick([9, 30])}) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s | ${pick(['length', 'upper', 'title', 'wordcount', 'tojson', 'pprint', 'urlencode', 'indent', 'wordwrap(3)', 'striptags', 'list'])} }}`,
    () =>
      `{% for y in range(${pick([9, 30])}) %}{% set ns.l = ns.l + ns.l %}{% endfor %}{{ ns.l | ${pick(['length', 'sum', 'sort', 'unique | list', 'tojson', 'string', "map('string') | join", 'pprint'])} }}`,
    () =>
      `{% for y in range(${n}) %}{% set ns.l = ${pick(['[ns.l]', '[ns.l, ns.l]', '(ns.l, 1)', '{1: ns.l}', "ns.l | map('string')"])} %}{% endfor %}{{ ns.l ${pick(['', '| tojson', '| list', '== ns.l', '| pprint', 'in [ns.l]'])} }}`,
    () =>
      `{% macro r(n) %}{% if n %}${inside()}{{ r(n - 1) }}${pick(['', '{{ r(n - 1) }}'])}{% endif %}{% endmacro %}{{ r(${pick([5, 20, 200, 5000])}) }}`,
    () =>
      `{% for x in [[[1], [2]], [3]] recursive %}${inside()}{% if x is iterable %}{{ loop(x) }}{% endif %}{% endfor %}`,
    () =>
      `{% set s = ${pick(["'a'", "'a b'", "'<'", "'é😀'", "'9'", "'a\\n'"])} * ${pick([1000, 50000, 1000000])} %}{{ s | ${pick(['length', 'int', 'title', 'wordcount', 'trim', 'tojson', 'escape | length', 'reverse | length'])} }}{{ s.${pick(["split('a')", 'split()', "rsplit('a', 99999)", "find('b')", "count('a')", 'isalnum()', 'swapcase()', "replace('a', 'bb')", 'splitlines()', 'isidentifier()', 'casefold()'])} | length }}`,
    () =>
      `{% for y in range(${n}) %}{% set x = ${e(pick(['text', 'number', 'list', 'map', 'words', 'truth']), 3)} %}{% endfor %}`,
    () =>
      `{% for y in range(${n}) %}{{ '${pick(['%9000s', '%.900f', '%099999d', '%e', '%x'])}' % ${pick(['1.5', '12', '1e300', '2 ** 900'])} }}{% endfor %}`,
    () =>
      `{% for y in range(${n}) %}{% set ns.n = ns.n ${pick(['* 3', '** 2', '* ns.n', '+ ns.n'])} %}{% endfor %}{{ ns.n }}`,
    () => `{{ ${pick(['(', '[', 'not ', '-', '1 + ', "'a' ~ "]).repeat(pick([9, 170, 5000]))}1 }}`,
  ])();
}
