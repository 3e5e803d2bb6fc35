import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createStopMatcher } from '../../packages/runtime/src/answer/stop-matcher.js';

/** The text before the stop string that is complete first, looking at one character more each time. */
function plainSearch(text: string, stops: readonly string[]): { text: string; stop: string | null } {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    const stop = complete.toSorted((a, b) => b.length - a.length)[0];
    if (stop !== undefined) return { text: text.slice(0, end - stop.length), stop };
  }
  return { text, stop: null };
}

const letters = fc.stringMatching(/^[ab]{0,12}$/);
const stopStrings = fc.array(fc.stringMatching(/^[ab]{1,5}$/), { maxLength: 4 });

describe('the search for stop strings', () => {
  it('finds the same in text of any pieces, and passes on no character of a stop string', () => {
    fc.assert(
      fc.property(fc.array(letters), stopStrings, (pieces, stops) => {
        const matcher = createStopMatcher(stops);
        let text = '';
        let stop: string | null = null;
        for (const piece of pieces) {
          const found = matcher.push(piece);
          text += found.text;
          stop = found.stop;
          if (stop !== null) break;
        }
        if (stop === null) text += matcher.flush();
        assert.deepEqual({ text, stop }, plainSearch(pieces.join(''), stops));
      }),
      { numRuns: 2000 },
    );
  });

  it('holds back only text that may become a stop string', () => {
    const matcher = createStopMatcher(['</answer>']);
    assert.equal(matcher.push('yes <').text, 'yes ');
    assert.equal(matcher.push('/ans').text, '');
    assert.equal(matcher.push('!').text, '</ans!');
  });
});
