// Writes a verification as JUnit XML, which build servers show test by test: one case for the file, one per tensor.
//
// Valid by both common schemas: Apache Ant's, which demands much, and that of Jenkins' xUnit plugin, which allows little more.

import { describeCheck } from '../gate.js';
import type { VerifyResult } from './verify-result.js';
import { verifyVerdict } from './verify-verdict.js';

/** Options of {@link junitXml}. */
export interface JUnitOptions {
  /** Seconds that the verification took. Default 0. */
  readonly seconds?: number;
  /** When the verification began. Default: 1970-01-01, so that equal results are equal files. */
  readonly startedAt?: Date;
}

/** Ant's schema requires a host; this name means an unknown one. */
const HOST = 'localhost';

/** Characters that XML 1.0 cannot hold in any spelling. */
const NOT_XML =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A test case and what failed in it. */
interface Case {
  readonly name: string;
  readonly failures: readonly { readonly type: string; readonly message: string }[];
}

/**
 * The document, ending in a newline.
 *
 * @see https://github.com/windyroad/JUnit-Schema JUnit.xsd
 * @see https://github.com/jenkinsci/xunit-plugin junit-10.xsd
 */
export function junitXml(result: VerifyResult, { seconds = 0, startedAt = new Date(0) }: JUnitOptions = {}): string {
  const cases = [fileCase(result), ...result.tensors.map(({ name }) => tensorCase(name, result))];
  const nFailed = cases.filter(({ failures }) => failures.length > 0).length;
  const suite = xmlText(result.model.path);
  const attributes = [
    ...[`name="${suite}"`, 'package="llama verify"', 'id="0"', `hostname="${HOST}"`],
    `timestamp="${startedAt.toISOString().slice(0, 'YYYY-MM-DDThh:mm:ss'.length)}"`,
    `tests="${cases.length}" failures="${nFailed}" errors="0" skipped="0" time="${seconds.toFixed(3)}"`,
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite ${attributes.join(' ')}>`,
    ...propertyLines(result),
    ...cases.flatMap((testCase) => caseLines(testCase, suite)),
    `    <system-out>${xmlText(verifyVerdict(result))}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function propertyLines({ model, against }: VerifyResult): string[] {
  const facts = { version: model.version, groupSize: model.groupSize, against: against?.name ?? null };
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  return [
    '    <properties>',
    ...known.map(([name, value]) => `      <property name="${name}" value="${xmlText(String(value))}"/>`),
    '    </properties>',
  ];
}

function fileCase({ findings }: VerifyResult): Case {
  const failures = findings
    .filter(({ part }) => part !== 'tensor')
    .map(({ code, message }) => ({ type: code, message }));
  return { name: 'header and trailer', failures };
}

function tensorCase(name: string, { findings, checks }: VerifyResult): Case {
  return {
    name,
    failures: [
      ...findings.filter(({ tensor }) => tensor === name).map(({ code, message }) => ({ type: code, message })),
      ...checks
        .filter(({ subject, passed }) => subject === name && !passed)
        .map((check) => ({ type: check.bound, message: describeCheck(check) })),
    ],
  };
}

function caseLines({ name, failures }: Case, suite: string): string[] {
  const start = `    <testcase name="${xmlText(name)}" classname="${suite}" time="0"`;
  if (failures.length === 0) return [`${start}/>`];
  // JUnit's schema allows one failure in a case.
  const type = xmlText(failures[0]!.type);
  const text = failures.map(({ message }) => xmlText(message)).join('\n');
  const message = xmlText(failures[0]!.message);
  return [`${start}>`, `      <failure type="${type}" message="${message}">${text}</failure>`, '    </testcase>'];
}

function xmlText(text: string): string {
  return text.replace(NOT_XML, '\ufffd').replace(/[&<>"]/g, (character) => entities[character]!);
}
