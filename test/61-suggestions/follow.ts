// Gets a scenario into trouble, follows each suggestion of the error, and requires that it was worth following.

import { strict as assert } from 'node:assert';
import { isToolkitError } from '@llama-ts/base';
import type { ChildOutput } from '../helpers/child-output.js';
import { type Advice, placeholdersOf, readFlags, readSuggestion, withFlag, withoutFlag } from './convention.js';
import type { Flags, Scenario, Seen } from './scenario.js';
import { type Fixtures, openSituation, type Situation } from './situation.js';

/** A failure as a user sees it. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
  /** Failures that a chat has shown. */
  readonly nFailures: number;
}

/** Programs that only show something. */
const LOOKING = /^(?:cat|df|echo|git|grep|ls|sed) [^>]*$/;

/** Plays a scenario through. @returns the suggestions that were made and followed */
export async function playScenario(scenario: Scenario, fixtures: Fixtures): Promise<Seen[]> {
  const situation = await openSituation(fixtures);
  try {
    const { code, message, suggestions } = await fail(scenario, situation);
    assert.equal(code, scenario.code, message);
    assert(suggestions.length > 0, `${scenario.title}: no suggestion with: ${message}`);
    for (const [i, suggestion] of suggestions.entries()) {
      if (i > 0) {
        await situation.clear();
        const again = (await fail(scenario, situation)).suggestions;
        assert.deepEqual(steadyPartsOf(again, scenario), steadyPartsOf(suggestions, scenario));
      }
      try {
        await follow(suggestion, scenario, situation);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${scenario.title}\n  ${message} [${code}]\n  try: ${suggestion}\n  followed: ${reason}`, {
          cause: error,
        });
      }
    }
    return suggestions.map((suggestion) => ({ code, message, suggestion }));
  } finally {
    await situation.clear();
  }
}

/** Suggestions without what is another each time: a hub's port, and what the scenario says. */
function steadyPartsOf(suggestions: readonly string[], { varies }: Scenario): string[] {
  return suggestions.map((suggestion) => {
    const withoutPort = suggestion.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1');
    return varies === undefined ? withoutPort : withoutPort.replace(varies, '…');
  });
}

async function fail(scenario: Scenario, situation: Situation): Promise<Failure> {
  await scenario.prepare?.(situation);
  const failure = await attempt(scenario, situation);
  if ('suggestions' in failure) return failure;
  throw new Error(`${scenario.title}: did not fail, but gave\n${failure.stdout}${failure.stderr}`);
}

interface Change {
  /** Changes the command line. */
  readonly command?: (command: string) => string;
  readonly flags?: Flags;
}

/** Does what fails, perhaps with a change. */
async function attempt(scenario: Scenario, situation: Situation, change: Change = {}): Promise<Failure | ChildOutput> {
  if (scenario.call !== undefined) {
    try {
      await scenario.call(situation, change.flags ?? new Map());
      return { exitCode: 0, stdout: '', stderr: '' };
    } catch (error) {
      if (!isToolkitError(error)) throw error;
      return { code: error.code, message: error.message, suggestions: error.suggestions, nFailures: 1 };
    }
  }
  if (scenario.chat !== undefined) {
    const { lines } = scenario.chat;
    const command = `llama chat ${scenario.chat.args}`;
    const outcome = await situation.run((change.command ?? String)(command), `${lines.join('\n')}\n`);
    return readFailure(outcome) ?? outcome;
  }
  const command = commandOf(scenario, situation);
  const outcome = await situation.run((change.command ?? String)(command), scenario.stdin);
  if (outcome.exitCode === 0) return outcome;
  return readFailure(outcome) ?? assert.fail(`no failure with suggestions:\n${outcome.stdout}${outcome.stderr}`);
}

function commandOf({ command }: Scenario, situation: Situation): string {
  return typeof command === 'function' ? command(situation) : (command ?? assert.fail('a scenario without a command'));
}

/** The last failure that was printed. */
function readFailure({ stderr }: ChildOutput): Failure | null {
  const failures = [...stderr.matchAll(/^llama: (.*?) \[([A-Z_]+)\]\n((?: {2}try: .*\n)*)/gms)];
  const [, message = '', code = '', remedies = ''] = failures.at(-1) ?? [];
  if (code === '') return null;
  const suggestions = remedies
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^ {2}try: /, ''));
  return { code, message, suggestions, nFailures: failures.length };
}

async function follow(suggestion: string, scenario: Scenario, situation: Situation): Promise<void> {
  const advice = readSuggestion(suggestion);
  const acted = await act(advice, suggestion, scenario, situation);
  const outcome = await followCommand(advice, acted, scenario, situation);
  const check = scenario.checks?.find(([pattern]) => pattern.test(suggestion));
  if (check !== undefined) await check[1](situation, outcome);
}

/** Does what words say; a command's words need no doing, unless the scenario has it so. */
async function act(
  { words, command }: Advice,
  suggestion: string,
  { acts = [], chat }: Scenario,
  situation: Situation,
): Promise<string | null> {
  const scenarioIsChat = chat !== undefined;
  const found = acts.find(([pattern]) => pattern.test(suggestion));
  if (found === undefined) {
    const isPlain = command !== null && (command.kind !== 'again' || words === '');
    assert(scenarioIsChat || isPlain, 'words without a command, and nothing in the scenario that acts on them');
    return null;
  }
  const next = await found[1](situation);
  return typeof next === 'object' && next !== null && 'command' in next ? String(next.command) : null;
}

async function followCommand(
  advice: Advice,
  acted: string | null,
  scenario: Scenario,
  situation: Situation,
): Promise<ChildOutput> {
  const { command } = advice;
  const retry = async (change: Change = {}): Promise<ChildOutput> => {
    const outcome = await attempt(scenario, situation, acted === null ? change : { ...change, command: () => acted });
    if ('suggestions' in outcome) assert.fail(`failed again: ${outcome.message} [${outcome.code}]`);
    return outcome;
  };
  if (command === null) {
    if (scenario.chat === undefined) return retry();
    return typeInChat(advice.words, scenario, situation);
  }
  const text = command.kind === 'call' ? command.text : fillIn(command.text, scenario, situation);
  switch (command.kind) {
    case 'again':
      return retry();
    case 'shell': {
      const outcome = await situation.run(text);
      if (scenario.explains !== undefined) {
        assert.match(outcome.stderr, scenario.explains);
        return outcome;
      }
      assert.equal(outcome.exitCode, 0, `${text}\n${outcome.stdout}${outcome.stderr}`);
      if (LOOKING.test(text)) assert.notEqual(outcome.stdout, '', `${text} showed nothing`);
      const isEnough = /^llama(?: |$)|\| llama /.test(text) || LOOKING.test(text);
      return isEnough ? outcome : retry();
    }
    case 'environment': {
      for (const name of /^unset (.*)$/.exec(text)?.[1]?.split(' ') ?? []) situation.env[name] = undefined;
      const [, name, value] = /^export ([A-Z0-9_]+)=(.*)$/s.exec(text) ?? [];
      if (name !== undefined) situation.env[name] = unquoted(value!);
      return retry();
    }
    case 'flags': {
      const flags = readFlags(text);
      return retry({
        command: (line) => flags.reduce((result, { name, value }) => withFlag(result, name, value), line),
        flags: new Map(flags.map(({ name, value }) => [name.replace(/^-+/, ''), value])),
      });
    }
    case 'leave-out': {
      const names = text.match(/--?[a-z][\w-]*/g)!;
      return retry({
        command: (line) => names.reduce((result, name) => withoutFlag(result, name), line),
        flags: new Map(names.map((name) => [name.replace(/^-+/, ''), null])),
      });
    }
    case 'chat':
      return typeInChat(text, scenario, situation);
    case 'call': {
      const scope = (await scenario.scope?.(situation)) ?? {};
      const body = `return (async () => (${text}))()`;
      const value: unknown = await new Function(...Object.keys(scope), body)(...Object.values(scope));
      return { exitCode: 0, stdout: typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), stderr: '' };
    }
  }
}

/** Types a line after those of the scenario: it must not fail. */
async function typeInChat(line: string, scenario: Scenario, situation: Situation): Promise<ChildOutput> {
  const { args, lines } = scenario.chat!;
  const run = (typed: readonly string[]): Promise<ChildOutput> =>
    situation.run(`llama chat ${args}`, `${typed.join('\n')}\n`);
  const nFailures = (outcome: ChildOutput): number => readFailure(outcome)?.nFailures ?? 0;
  const outcome = await run([...lines, line]);
  assert.equal(nFailures(outcome), nFailures(await run(lines)), `${line} failed too:\n${outcome.stderr}`);
  return outcome;
}

/** Fills in what only the user knows, and nothing from the failing command. */
function fillIn(text: string, scenario: Scenario, situation: Situation): string {
  const { fill = {} } = scenario;
  let result = text;
  for (const placeholder of placeholdersOf(text)) {
    const value = fill[placeholder];
    assert(value !== undefined, `${placeholder} is for the user to fill in, and the scenario does not say with what`);
    const known = scenario.command === undefined ? '' : commandOf(scenario, situation);
    assert(
      !known.split(/\s+/).includes(value),
      `${placeholder} stands for ${value}, which the failing command had named`,
    );
    result = result.replace(
      new RegExp(`(?<![\\w'"./$-])${placeholder.replace('.', '\\.')}(?![\\w=-])`, 'g'),
      () => value,
    );
  }
  return result;
}

function unquoted(text: string): string {
  return /^'(.*)'$/s.exec(text)?.[1]?.replaceAll("'\\''", "'") ?? text;
}
