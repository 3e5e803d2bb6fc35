// Every suggestion of every error is followed, and must lead to what it promises.

import { strict as assert } from 'node:assert';
import { rm } from 'node:fs/promises';
import { extractSites, type Pattern, patternRegExp, patternText, type Site } from './extract.js';
import { playScenario } from './follow.js';
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

  it('were all followed: whatever the sources can suggest has a scenario', async function () {
    if (wanted.length < scenarios.length) this.skip();
    const seen = (await Promise.allSettled(plays.values())).flatMap((play) =>
      play.status === 'fulfilled' ? play.value : [],
    );
    const missing = extractSites().filter((site) => !seen.some((one) => isOf(one, site)));
    const known = new Set(unfollowed.flatMap(([, sites]) => sites));
    const found = new Set(missing.map(describeSite));
    assert.deepEqual(
      [...found].filter((site) => !known.has(site)),
      [],
      'these need a scenario',
    );
    // Where commands cannot be bound by file modes, what depends on them was not played.
    if (hasModes)
      assert.deepEqual(
        [...known].filter((site) => !found.has(site)),
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

function isPlayable({ needsModes = false }: Scenario): boolean {
  return hasModes || !needsModes;
}

function isOf({ code, message, suggestion }: Seen, site: Site): boolean {
  const isSame = site.message === null || patternRegExp(site.message).test(message);
  return isSame && (site.code === null || site.code === code) && isMadeOf(suggestion, site.pattern);
}

/** Of a flag with its value the command line makes the whole command with the flag in it. */
function isMadeOf(suggestion: string, pattern: Pattern): boolean {
  if (patternRegExp(pattern).test(suggestion)) return true;
  if (!patternText(pattern).startsWith('--')) return false;
  return new RegExp(patternRegExp(pattern).source.replace(/^\^/, '^llama .*'), 's').test(suggestion);
}

function describeSite({ file, code, message, pattern }: Site): string {
  const what = message === null ? patternText(pattern) : `what ${JSON.stringify(patternText(message))} suggests`;
  return `${file} [${code ?? 'any code'}] ${what}`;
}
