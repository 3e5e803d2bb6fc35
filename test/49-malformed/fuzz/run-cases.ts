// Runs one target on damaged files: a toolkit error or a right result, and nothing else.

import { strict as assert } from 'node:assert';
import { isToolkitError } from '@llama-ts/base';
import { pick, seededRandom } from '../../helpers/random-text.js';
import { apply, type Mutant, mutate, shrink } from './mutate.js';

/** A reader of files, and whole files for it. */
export interface FuzzTarget {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  /** Share of a run, by what a case takes: 1 for the fastest. */
  readonly weight?: number;
  /** Words of the format. */
  readonly tokens: readonly string[];
  /** Makes lengths and checksums right again. */
  readonly repair?: (bytes: Uint8Array) => Uint8Array;
  /** Reads the file and asserts that what it found is right. */
  readonly read: (bytes: Uint8Array) => unknown;
}

/** Which cases to run: case `i` depends on the seed and on `i` alone. */
export interface FuzzCases {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Called before each case. */
  readonly onCase?: (index: number) => void;
}

/** How many files were taken for whole, and how many refused. */
export interface FuzzCounts {
  readonly accepted: number;
  readonly refused: number;
}

/** Longest message that a user should be shown. */
const MAX_MESSAGE_LENGTH = 2_000;
const MAX_SHOWN_BYTES = 4_096;

/** @throws AssertionError with the smallest input that was found to fail, and how to run it again */
export async function runCases(target: FuzzTarget, { seed, from, to, onCase }: FuzzCases): Promise<FuzzCounts> {
  let accepted = 0;
  for (let index = from; index < to; index++) {
    onCase?.(index);
    const mutant = drawMutant(target, seed, index);
    const outcome = await tryFile(target, bytesOf(target, mutant));
    if (outcome instanceof Error) return assert.fail(await explain(target, mutant, `seed ${seed}, case ${index}`));
    if (outcome === 'accepted') accepted++;
  }
  return { accepted, refused: to - from - accepted };
}

function drawMutant({ samples, tokens }: FuzzTarget, seed: number, index: number): Mutant {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  return mutate(pick(random, samples), tokens, random);
}

function bytesOf({ repair }: FuzzTarget, mutant: Mutant): Uint8Array {
  const bytes = apply(mutant);
  return mutant.isRepaired && repair !== undefined ? repair(bytes) : bytes;
}

/** What came of it; an error is what must not come. */
async function tryFile({ read }: FuzzTarget, bytes: Uint8Array): Promise<'accepted' | 'refused' | Error> {
  try {
    await read(bytes);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof Error)) return new Error(`threw ${String(error)}`);
    if (!isToolkitError(error)) return error;
    if (error.message.length <= MAX_MESSAGE_LENGTH) return 'refused';
    return new Error(`${error.code} with a message of ${error.message.length} characters`);
  }
}

async function explain(target: FuzzTarget, mutant: Mutant, where: string): Promise<string> {
  const failureOf = async (candidate: Mutant): Promise<Error | null> => {
    const outcome = await tryFile(target, bytesOf(target, candidate));
    return outcome instanceof Error ? outcome : null;
  };
  const smallest = await shrink(mutant, async (candidate) => (await failureOf(candidate)) !== null);
  const bytes = Buffer.from(bytesOf(target, smallest));
  const edits = smallest.edits.map(({ byteOffset, nRemoved, inserted }) => {
    const text = JSON.stringify(Buffer.from(inserted.subarray(0, 200)).toString('latin1'));
    return `at ${byteOffset} ${nRemoved} bytes became ${inserted.byteLength}: ${text}`;
  });
  const shown = bytes.subarray(0, MAX_SHOWN_BYTES).toString('base64');
  const error = await failureOf(smallest);
  return [`${target.name}, ${where}: ${error?.stack}`, ...edits, `${bytes.byteLength} bytes: ${shown}`].join('\n');
}
