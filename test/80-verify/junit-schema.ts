// Parses JUnit XML as strictly as both of its XML schemas: these elements, in this order and nesting, with these
// attributes and kinds of values, and right counts.
//
// @see github.com/windyroad/JUnit-Schema, JUnit.xsd; github.com/jenkinsci/xunit-plugin, junit-10.xsd

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

const TOKEN = /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

interface Rule {
  /** All of them required. */
  readonly attributes: Readonly<Record<string, RegExp>>;
  /** In this order. */
  readonly children: readonly (readonly [name: string, least: number, most: number])[];
}

const any = /^/s;
const some = /\S/;
const count = /^\d+$/;
const seconds = /^\d{1,9}(\.\d+)?$/;
/** What each element must and may hold. */
const rules: Readonly<Record<string, Rule>> = {
  testsuites: { attributes: {}, children: [['testsuite', 1, 1]] },
  testsuite: {
    attributes: {
      ...{ name: some, package: some, id: /^0$/, hostname: some, timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/ },
      ...{ tests: count, failures: count, errors: count, skipped: count, time: seconds },
    },
    children: [
      ['properties', 1, 1],
      ['testcase', 0, Number.POSITIVE_INFINITY],
      ['system-out', 1, 1],
      ['system-err', 1, 1],
    ],
  },
  properties: { attributes: {}, children: [['property', 0, Number.POSITIVE_INFINITY]] },
  property: { attributes: { name: some, value: any }, children: [] },
  testcase: { attributes: { name: any, classname: any, time: seconds }, children: [['failure', 0, 1]] },
  failure: { attributes: { type: any, message: any }, children: [] },
  'system-out': { attributes: {}, children: [] },
  'system-err': { attributes: {}, children: [] },
};
/** Elements of text; others hold nothing but elements. */
const texts = ['failure', 'system-out', 'system-err'];

/** The one suite's name and its cases. */
export function parseJUnit(xml: string): { suite: string; cases: JUnitCase[] } {
  const root = parseXml(xml);
  assert.equal(root.name, 'testsuites');
  checkElement(root);
  const suite = root.children[0]!;
  const cases = suite.children
    .filter(({ name }) => name === 'testcase')
    .map(({ attributes, children }) => ({
      name: attributes.name!,
      failures: children.length,
    }));
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  assert.equal(Number(suite.attributes.tests), cases.length);
  assert.equal(Number(suite.attributes.failures), cases.filter(({ failures }) => failures > 0).length);
  assert.equal(suite.attributes.errors, '0');
  return { suite: suite.attributes.name!, cases };
}

function checkElement({ name, attributes, children, text }: Element): void {
  const rule = rules[name];
  assert.ok(rule !== undefined, name);
  assert.deepEqual(Object.keys(attributes).sort(), Object.keys(rule.attributes).sort(), name);
  for (const [attribute, pattern] of Object.entries(rule.attributes)) assert.match(attributes[attribute]!, pattern);
  const expected = rule.children.flatMap(([child, least, most]) => {
    const found = children.filter((element) => element.name === child).length;
    assert.ok(found >= least && found <= most, `${found} of ${child} in ${name}`);
    return Array.from({ length: found }, () => child);
  });
  assert.deepEqual(
    children.map((child) => child.name),
    expected,
  );
  if (name === 'failure') assert.ok(text.trim() !== '');
  if (!texts.includes(name)) assert.equal(text.trim(), '');
  for (const child of children) checkElement(child);
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
