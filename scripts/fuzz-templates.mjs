// node scripts/fuzz-templates.mjs [COUNT] [SEED]: random chat templates from a grammar with evil parts, each in a process of its own.
//
// Fails when one takes more than 2 s of processor time beyond the start of a process, more than 200 MB of memory, or ends
// in anything but text or TEMPLATE_ERROR. After a build.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { peakMegabytes } from '../test/helpers/peak-memory.mjs';

const MAX_MS = 2000;
const MAX_MEGABYTES = 200;
const HANG_MS = 120_000;
const root = new URL('../', import.meta.url);

/** @see https://github.com/cprosche/mulberry32 */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A template of statements within statements. */
function randomTemplate(random) {
  const pick = (items) => items[Math.floor(random() * items.length)];
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
  const args = (depth) => Array.from({ length: Math.floor(random() * 3) }, () => expression(depth - 1)).join(', ');
  function expression(depth) {
    if (depth <= 0) return pick([number, text, name, () => 'true', () => 'none', () => '[]', () => '{}'])();
    const e = () => expression(depth - 1);
    return pick([
      () => `(${e()} ${pick(['+', '-', '*', '/', '//', '%', '**', '~', 'and', 'or', 'in', '==', '<'])} ${e()})`,
      () => `${e()} | ${pick(filters)}${random() < 0.5 ? `(${args(depth)})` : ''}`,
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
      () => '('.repeat(Math.floor(random() * 300)) + e(),
    ])();
  }
  function statement(depth) {
    const e = () => expression(1 + Math.floor(random() * 3));
    const body = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => statement(depth - 1)).join('');
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
      () =>
        pick(['{% if 1 %}', '{{ ', '{#', '{% raw %}', '{{ ['.repeat(99), '{{ -']).repeat(Math.floor(random() * 20000)),
    ])();
  }
  const statements = Array.from({ length: 1 + Math.floor(random() * 4) }, () => statement(Math.floor(random() * 4)));
  return `{% set ns = namespace(x='ab', y=[1]) %}${statements.join('')}`;
}

async function renderOne(seed) {
  const { createTokenizer, renderChat } = await import(new URL('packages/runtime/dist/index.js', root).href);
  const { readTokenizerJson } = await import(new URL('packages/exporter/dist/index.js', root).href);
  const file = new URL('packages/sample-model/model/tokenizer.json', root);
  const tokenizer = createTokenizer(readTokenizerJson(readFileSync(file), 'tokenizer.json'));
  const template = randomTemplate(seeded(seed));
  const start = process.cpuUsage();
  let end;
  try {
    end = `text of ${renderChat(tokenizer, template, [{ role: 'user', content: 'Hello 😀' }]).length}`;
  } catch (error) {
    end = error?.code ?? `${error?.stack}`;
  }
  const { user, system } = process.cpuUsage(start);
  const megabytes = peakMegabytes();
  console.log(JSON.stringify({ end, ms: (user + system) / 1000, megabytes }));
}

function main(count, seed) {
  const worst = { ms: 0, megabytes: 0 };
  let nRendered = 0;
  let nBad = 0;
  for (let i = seed; i < seed + count; i++) {
    const { stdout, status, signal } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'one', `${i}`], {
      encoding: 'utf8',
      timeout: HANG_MS,
    });
    const found = status === 0 ? JSON.parse(stdout) : { end: `died: ${status ?? signal}`, ms: Infinity, megabytes: 0 };
    const isText = found.end.startsWith('text of ');
    nRendered += Number(isText);
    worst.ms = Math.max(worst.ms, found.ms);
    worst.megabytes = Math.max(worst.megabytes, found.megabytes);
    const isGood =
      (isText || /^(TEMPLATE_ERROR|LONE_SURROGATE)$/.test(found.end)) &&
      found.ms <= MAX_MS &&
      found.megabytes <= MAX_MEGABYTES;
    if (isGood) continue;
    nBad++;
    console.log(`seed ${i}: ${JSON.stringify(found)} ${randomTemplate(seeded(i)).slice(0, 300)}`);
  }
  console.log(
    `${count} templates from seed ${seed}: ${nRendered} rendered, ${nBad} beyond a limit; at most ${Math.round(worst.ms)} ms of processor time and ${Math.round(worst.megabytes)} MB`,
  );
  process.exitCode = nBad === 0 ? 0 : 1;
}

const [first, second] = process.argv.slice(2);
if (first === 'one') await renderOne(Number(second));
else main(Number(first ?? 10_000), Number(second ?? 1));
