// Parses JUnit XML as strictly as its XML schema: these elements, in this nesting, with these attributes, and right counts.
//
// @see github.com/windyroad/JUnit-Schema, JUnit.xsd, and the attributes that Jenkins' and GitLab's readers use

import { strict as assert } from 'node:assert';

/** A test case. */
export interface JUnitCase {
  readonly name: string;
  readonly failures: number;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const TOKEN = /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** What each element may hold. */
const allowed: Readonly<
  Record<string, { readonly attributes: readonly string[]; readonly children: readonly string[] }>
> = {
  testsuites: { attributes: ['name', 'tests', 'failures', 'errors', 'time'], children: ['testsuite'] },
  testsuite: { attributes: ['name', 'tests', 'failures', 'errors', 'skipped', 'time'], children: ['testcase'] },
  testcase: { attributes: ['name', 'classname', 'time'], children: ['failure'] },
  failure: { attributes: ['type', 'message'], children: [] },
};

/** The one suite's name and its cases. */
export function parseJUnit(xml: string): { suite: string; cases: JUnitCase[] } {
  const root = parseXml(xml);
  assert.equal(root.name, 'testsuites');
  checkElement(root);
  assert.equal(root.children.length, 1);
  const suite = root.children[0]!;
  const cases = suite.children.map(({ attributes, children }) => ({
    name: attributes.name!,
    failures: children.length,
  }));
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  for (const { attributes } of [root, suite]) {
    assert.equal(Number(attributes.tests), cases.length);
    assert.equal(Number(attributes.failures), cases.filter(({ failures }) => failures > 0).length);
    assert.equal(attributes.errors, '0');
    assert.match(attributes.time!, /^\d+\.\d{3}$/);
  }
  return { suite: suite.attributes.name!, cases };
}

function checkElement({ name, attributes, children, text }: Element): void {
  const rule = allowed[name];
  assert.ok(rule !== undefined, name);
  assert.deepEqual(Object.keys(attributes).sort(), [...rule.attributes].sort(), name);
  if (name === 'testcase') assert.ok(children.length <= 1);
  if (name === 'failure') assert.ok(text.trim() !== '');
  else assert.equal(text.trim(), '');
  for (const child of children) {
    assert.ok(rule.children.includes(child.name), `${child.name} in ${name}`);
    checkElement(child);
  }
}

function parseXml(xml: string): Element {
  assert.doesNotMatch(xml, /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/);
  assert.doesNotMatch(xml, /\p{Surrogate}/u);
  const document: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [document];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(xml);
    assert.ok(match !== null, `no XML at ${start}: ${xml.slice(start, start + 40)}`);
    const [token, closes, name, attributes, isEmpty, text] = match;
    const parent = open.at(-1)!;
    if (text !== undefined) parent.text += textOf(text);
    else if (name === undefined) assert.equal(start, 0, token);
    else if (closes === '/') assert.equal(open.pop()!.name, name);
    else {
      const element = { name, attributes: parseAttributes(attributes!), children: [], text: '' };
      parent.children.push(element);
      if (isEmpty !== '/') open.push(element);
    }
  }
  assert.deepEqual([open.length, document.children.length], [1, 1]);
  return document.children[0]!;
}

function parseAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, name, value]) => [name!, textOf(value!)] as const);
  assert.equal(new Set(pairs.map(([name]) => name)).size, pairs.length, text);
  return Object.fromEntries(pairs);
}

function textOf(text: string): string {
  assert.doesNotMatch(text.replace(/&(?:amp|lt|gt|quot);/g, ''), /&/);
  return text.replace(/&(\w+);/g, (_, name: string) => entities[name]!);
}
