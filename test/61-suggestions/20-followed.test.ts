// Every suggestion of every error is followed, and must lead to what it promises.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { extractSites, type Pattern, patternRegExp, patternText, type Site } from './extract.js';
import { playScenario } from './follow.js';
import { python } from './python.js';
import type { Scenario, Seen } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { type Fixtures, hasModes, makeFixtures } from './situation.js';
import { unfollowed } from './unfollowed.js';

/** Scenarios that play at a time: most wait for a command. */
const N_PLAYERS = 2;

describe('suggestions', function () {
  this.timeout(600_000);
  const wanted = scenarios.filter(({ title }) => new RegExp(process.env.LLAMA_TEST_SCENARIO ?? '').test(title));
  const plays = new Map<Scenario, Promise<Seen[]>>();
  let fixtures: Fixtures;
  before(async () => {
    fixtures = await makeFixtures();
    startAll(wanted.filter(isPlayable));
  });
  after(async () => {
    await Promise.allSettled(plays.values());
    await rm(fixtures.folder, { recursive: true, force: true });
  });

  for (const scenario of wanted) {
    it(`work for ${scenario.title}`, async function () {
      if (!isPlayable(scenario)) this.skip();
      await plays.get(scenario);
    });
  }

  it('all have a scenario that follows them, or a reason why none does', async function () {
    if (!scenarios.every((scenario) => wanted.includes(scenario) && isPlayable(scenario))) this.skip();
    const seen = (await Promise.allSettled(plays.values())).flatMap((play) =>
      play.status === 'fulfilled' ? play.value : [],
    );
    const sites = extractSites();
    const missing = sites.filter((site) => !seen.some((one) => isOf(one, site)));
    const reasons = new Map(unfollowed);
    const all = new Set(sites.map(describeSite));
    const found = new Set(missing.map(describeSite));
    console.log(`      ${all.size} distinct suggestions, ${all.size - found.size} of them followed`);
    assert.deepEqual(
      [...found].filter((site) => !reasons.has(site)),
      [],
      'these need a scenario',
    );
    assert.deepEqual(
      [...reasons.keys()].filter((site) => !found.has(site)),
      [],
      'these have one by now',
    );
  });

  /** Starts some, and each time one ends the next. */
  function startAll(playable: readonly Scenario[]): void {
    const running: Promise<unknown>[] = Array.from({ length: N_PLAYERS }, () => Promise.resolve());
    playable.forEach((scenario, i) => {
      const play = running[i % N_PLAYERS]!.then(() => playScenario(scenario, fixtures));
      running[i % N_PLAYERS] = play.catch(() => undefined);
      plays.set(scenario, play);
    });
  }
});

function isPlayable({ needs }: Scenario): boolean {
  switch (needs) {
    case 'modes':
      return hasModes;
    case 'python':
      return python !== null;
    case 'openssl':
      return spawnSync('openssl', ['version']).status === 0;
    case 'linux':
      return process.platform === 'linux';
    default:
      return true;
  }
}

function isOf({ code, message, suggestion }: Seen, site: Site): boolean {
  const isSame = site.message === null || patternRegExp(site.message).test(message);
  return isSame && (site.code === null || site.code === code) && isMadeOf(suggestion, site.pattern);
}

/** The command line turns flags, and flags to leave out, into the whole command that has them, or has them not. */
function isMadeOf(suggestion: string, pattern: Pattern): boolean {
  if (patternRegExp(pattern).test(suggestion)) return true;
  const source = patternRegExp(pattern).source.replace(/^\^|\$$/g, '');
  const [, words, left, added] = /^(.*?: |)(?:leave out (.*)|(--.*))$/s.exec(source) ?? [];
  if (words === undefined || !new RegExp(`^${words}llama `, 's').test(suggestion)) return false;
  const has = (flag: string): boolean => new RegExp(` ${flag}(?: |$)`, 's').test(suggestion);
  return added === undefined
    ? !left!.split(/, | and /).some((flag) => flag !== '.*' && has(flag))
    : added.split(/ (?=--)/).every(has);
}

function describeSite({ file, code, message, pattern }: Site): string {
  const what = message === null ? patternText(pattern) : `what ${JSON.stringify(patternText(message))} suggests`;
  return `${file} [${code ?? 'any code'}] ${what}`;
}
