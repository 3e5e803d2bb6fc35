// The parts that plans of all formats share: what writing a model would read, download, write and need.

import { dirname, resolvePath } from '@llama-ts/base';
import { type DiskNeed, diskNeeds } from '@llama-ts/durable';

/** Node, the program, and the heap of a model without a tokenizer; measured. */
const BASE_MEMORY_BYTES = 95_000_000;
/** A tokenizer.json's bytes, its tokens, and what reading it leaves for the collector; measured. */
const MEMORY_PER_TOKENIZER_BYTE = 6;

/** A file that is read. */
export interface PlannedInput {
  /** Relative to the folder or repository. */
  readonly path: string;
  /** Size of the file in bytes. */
  readonly byteLength: number;
  /** Bytes of it that are on this machine. */
  readonly cachedBytes: number;
}

/** A file that is written, or a folder of files. */
export interface PlannedOutput {
  readonly path: string;
  /** Bytes that will be written. */
  readonly byteLength: number;
}

/** A model that has not been written yet. */
export interface Plan {
  /** Repository id or folder name. */
  readonly source: string;
  /** Resolved commit on the hub; null for a folder. */
  readonly commit: string | null;
  readonly inputs: readonly PlannedInput[];
  /** Bytes of all inputs. */
  readonly readBytes: number;
  /** Bytes of them that are still to come. */
  readonly downloadBytes: number;
  readonly outputs: readonly PlannedOutput[];
  /** Bytes of all outputs. */
  readonly outputBytes: number;
  /** false while something that decides the length is not known yet: the outputs are then at most this large. */
  readonly isExact: boolean;
  /** Most memory it is expected to take. */
  readonly peakMemoryBytes: number;
  /** An entry for each disk that is written to. */
  readonly disks: readonly DiskNeed[];
  /** Whether every disk has enough space. */
  readonly fits: boolean;
}

/** Where a plan's model comes from. */
export interface PlannedSource extends Pick<Plan, 'source' | 'commit' | 'inputs' | 'downloadBytes'> {
  /** Files that must not be written over. */
  readonly inputPaths: readonly string[];
  /** Files of the download that are kept, and where. */
  readonly downloads: readonly PlannedOutput[];
  /** Bytes of the files that tokenizer and chat template come from. */
  readonly textBytes: number;
}

/** The outputs of a plan. */
export interface PlannedWrites extends Pick<Plan, 'outputs' | 'isExact'> {
  /** Memory that blocks of weights under way take. */
  readonly blockMemoryBytes: number;
}

/** Adds it up, and asks the disks. */
export async function settlePlan(planned: PlannedSource, writes: PlannedWrites): Promise<Plan> {
  const { source, commit, inputs, downloadBytes, downloads, textBytes } = planned;
  const { outputs, isExact, blockMemoryBytes } = writes;
  const written = outputs.map(({ path, byteLength }) => ({ path: dirname(resolvePath(path)), byteLength }));
  const disks = await diskNeeds([...written, ...downloads]);
  return {
    source,
    commit,
    inputs,
    readBytes: sum(inputs.map(({ byteLength }) => byteLength)),
    downloadBytes,
    outputs,
    outputBytes: sum(outputs.map(({ byteLength }) => byteLength)),
    isExact,
    peakMemoryBytes: BASE_MEMORY_BYTES + blockMemoryBytes + MEMORY_PER_TOKENIZER_BYTE * textBytes,
    disks,
    fits: disks.every(({ neededBytes, freeBytes }) => freeBytes >= neededBytes),
  };
}

/** Adds sizes. */
export function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
