// Finds and loads the compiled addon: the local build, then the platform's package.

import { ToolkitError } from '@llama-ts/base';
import { type InstructionSet, instructionSetsOf } from '../instruction-sets.js';
import { architecture, installRemedy, loadAddonFile, localAddon, platformPackage } from '../platform/node-addon.js';

/** A backend of the addon, with properties that native/isa/NAME.cc states. */
export interface NativeBackend {
  readonly name: InstructionSet;
  readonly rowCost: number;
  readonly prefersGroupMaxima: boolean;
  /** The addon's default choices, in the fields of native/tuning.h. */
  readonly tuning: Uint32Array;
}

/** What CPUID says of an x86 CPU; `vendor` is empty on other CPUs. */
export interface CpuModel {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
}

/** The exports of native/addon/addon.cc. */
export interface Addon {
  cpuModel(): CpuModel;
  /** The backends that this CPU supports, fastest first. */
  supportedBackends(): NativeBackend[];
  addressOf(buffer: ArrayBuffer): number;
  detach(buffer: ArrayBuffer): void;
  readonly Executor: new (
    backend: InstructionSet,
    threads: number,
    onDone: () => void,
    tuning: Uint32Array,
  ) => Executor;
  /**
   * Maps the file of `fd`, and copies it to huge pages as the place of `copyMap` in `copyMapChoices` says; without `fd` it allocates
   * memory in huge pages. Absent where files cannot be mapped.
   */
  readonly FileMemory?: new (
    byteLength: number,
    fd?: number,
    copyMap?: number,
  ) => FileMemory;
  /** Hashes several files at once; absent if the CPU has no instructions for SHA-256. `onHashed` is called when pieces may be taken. */
  readonly Sha256Streams?: new (
    onHashed: () => void,
  ) => Sha256Streams;
}

export interface Executor {
  /** Returns the index of a wrong operation; -1 if the program runs, and then calls `onDone` at its end. */
  start(words: Float64Array, length: number): number;
  cancel(): void;
  /** Whether a result was not finite; call it once after `onDone`. */
  nonFinite(): boolean;
  close(): void;
}

export interface FileMemory {
  view(byteOffset: number, byteLength: number): ArrayBuffer;
  shrank(): boolean;
  close(): void;
}

/** Streams of bytes by number. They are hashed on a thread of their own, several streams at the same time. */
export interface Sha256Streams {
  open(): number;
  /** The bytes must be kept, unchanged, until `takeHashed` returns the piece. */
  update(stream: number, bytes: Uint8Array, piece: number): void;
  /** The pieces that were hashed since the last call. */
  takeHashed(): number[];
  /** Ends a stream of which every piece was taken; 32 bytes. */
  digest(stream: number): Uint8Array;
  /** Ends a stream without a digest. */
  discard(stream: number): void;
}

const unsupported = {
  suggestions: ['take the fastest of this machine: leave out --backend'],
};

/** Loads the addon, and finds `name` among what this CPU can run. @throws ToolkitError `BACKEND_UNSUPPORTED`, `BACKEND_UNAVAILABLE` */
export function loadBackend(name: InstructionSet): { addon: Addon; backend: NativeBackend } {
  if (!instructionSetsOf(architecture).includes(name)) {
    throw new ToolkitError('BACKEND_UNSUPPORTED', `${name} is not an instruction set of ${architecture}`, unsupported);
  }
  const addon = requireAddon();
  const backend = addon.supportedBackends().find((supported) => supported.name === name);
  if (backend === undefined) {
    throw new ToolkitError('BACKEND_UNSUPPORTED', `this CPU lacks the instructions of ${name}`, unsupported);
  }
  return { addon, backend };
}

/** The addon; null if none can be loaded. */
export function findAddon(): Addon | null {
  try {
    return requireAddon();
  } catch {
    return null;
  }
}

function requireAddon(): Addon {
  const failures: string[] = [];
  try {
    return loadAddonFile(localAddon) as Addon;
  } catch (error) {
    failures.push(`local build: ${firstLine(error)}`);
  }
  const packaged = platformPackage();
  try {
    return loadAddonFile(packaged) as Addon;
  } catch (error) {
    failures.push(`${packaged}: ${firstLine(error)}`);
  }
  throw new ToolkitError('BACKEND_UNAVAILABLE', `no native kernels: ${failures.join('; ')}`, {
    suggestions: [installRemedy(packaged)],
  });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
