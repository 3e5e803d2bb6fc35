// Templates of any parts, most of which jinja2 refuses at some point: what such a template is, not what it gives.

/** A template of statements within statements. */
export function randomParts({ below, chance, pick, times }) {
  const number = () =>
    pick(['0', '1', '2', '7', '-1', '99', '90000', '1000000', '1000000000', '1.5', '1e300', '99999999999999999999']);
  const text = () =>
    pick([
      "'a'",
      "'ab '",
      "''",
      "'é😀'",
      "'<|eot_id|>'",
      "('a' * 1000000)",
      "(' ' * 1000000)",
      "('a-' * 400000)",
      "'%s %d'",
      "'{:>9}'",
      "('<' * 90000)",
      "'\\n'",
    ]);
  const name = () => pick(['x', 'y', 'ns.x', 'ns.y', 'messages', 'tools', 'loop', 'nothing', 'messages[0].content']);
  const filters =
    'upper lower title trim length list join sort unique reverse first last sum min max tojson string int float abs round indent center wordwrap wordcount striptags urlencode escape safe batch slice map select reject items dictsort groupby default replace truncate format pprint capitalize filesizeformat xmlattr random'.split(
      ' ',
    );
  const methods =
    'upper split rsplit strip replace join find count title center zfill splitlines partition format items keys values get index expandtabs casefold isalpha islower startswith'.split(
      ' ',
    );
  const args = (depth) => times(below(3), () => expression(depth - 1)).join(', ');
  function expression(depth) {
    if (depth <= 0) return pick([number, text, name, () => 'true', () => 'none', () => '[]', () => '{}'])();
    const e = () => expression(depth - 1);
    return pick([
      () => `(${e()} ${pick(['+', '-', '*', '/', '//', '%', '**', '~', 'and', 'or', 'in', '==', '<'])} ${e()})`,
      () => `${e()} | ${pick(filters)}${chance(0.5) ? `(${args(depth)})` : ''}`,
      () => `(${e()}).${pick(methods)}(${args(depth)})`,
      () => `(${e()})[${e()}]`,
      () => `(${e()})[${e()}:${e()}]`,
      () => `[${e()}, ${e()}]`,
      () => `(${e()}, ${e()})`,
      () => `{${e()}: ${e()}}`,
      () => `range(${e()})`,
      () => `(range(90000) | list)`,
      () => `(${e()} if ${e()} else ${e()})`,
      () => `not ${e()}`,
      () => `m(${args(depth)})`,
      () => `lipsum(${number()})`,
      () => `${e()} is ${pick(['defined', 'string', 'odd', 'iterable', 'upper', 'mapping'])}`,
      () => '('.repeat(below(300)) + e(),
    ])();
  }
  function statement(depth) {
    const e = () => expression(1 + below(3));
    const body = () => times(1 + below(3), () => statement(depth - 1)).join('');
    if (depth <= 0)
      return pick([
        () => `{{ ${e()} }}`,
        () => ' text ',
        () => `{% set x = ${e()} %}`,
        () => `{% set ns.x = ${e()} %}`,
      ])();
    return pick([
      () => `{% for x in ${e()} %}${body()}{% endfor %}`,
      () => `{% for y in range(90000) %}${body()}{% endfor %}`,
      () =>
        `{% for y in range(99) %}{% set ns.x = ns.x ${pick(['~', '+', '*'])} ${pick(['ns.x', e()])} %}{% endfor %}{{ ns.x }}`,
      () =>
        `{% for y in range(90000) %}{% set ns.y = ${pick(['[ns.y]', '[ns.y, ns.y]', '(ns.y,)', '{1: ns.y}', "ns.y | map('string')", 'ns.y ~ ns.x'])} %}{% endfor %}{{ ns.y ${pick(['', '| tojson', '| list', '== ns.y', '| pprint'])} }}`,
      () => `{% if ${e()} %}${body()}{% else %}${body()}{% endif %}`,
      () => `{% macro m(a, b=1) %}${body()}${pick(['{{ m(a) }}', '', '{{ varargs }}'])}{% endmacro %}{{ m(${e()}) }}`,
      () => `{% set y %}${body()}{% endset %}`,
      () => `{% filter ${pick(filters)} %}${body()}{% endfilter %}`,
      () => `{% for x in [[1]] recursive %}${body()}{{ loop([x]) }}{% endfor %}`,
      () => `{% call m(1) %}${body()}{% endcall %}`,
      () => pick(['{% if 1 %}', '{{ ', '{#', '{% raw %}', '{{ ['.repeat(99), '{{ -']).repeat(below(20000)),
    ])();
  }
  const statements = times(1 + below(4), () => statement(below(4)));
  return `{% set ns = namespace(x='ab', y=[1]) %}${statements.join('')}`;
}
