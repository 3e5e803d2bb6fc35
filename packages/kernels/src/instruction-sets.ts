// The instruction sets that the native kernels are compiled for, fastest first: the table of scripts/build/compile-native.mjs.

/** How the native kernels are compiled for an instruction set. */
export interface InstructionSetBuild {
  /** The architecture, as in `process.arch`; null for every one. */
  readonly architecture: 'x64' | 'arm64' | null;
  /** Compiler flags of native/isa/NAME.cc, which no other file is compiled with. */
  readonly flags: readonly string[];
}

const avx512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mf16c'];

/** Every instruction set. */
export const instructionSetTable = {
  amx: { architecture: 'x64', flags: [...avx512, '-mavx512vnni', '-mamx-tile', '-mamx-int8'] },
  avx512vnni: { architecture: 'x64', flags: [...avx512, '-mavx512vnni'] },
  avx512: { architecture: 'x64', flags: avx512 },
  avx2: { architecture: 'x64', flags: ['-mavx2', '-mf16c'] },
  neon: { architecture: 'arm64', flags: ['-march=armv8.2-a+dotprod'] },
  generic: { architecture: null, flags: [] },
} as const satisfies Record<string, InstructionSetBuild>;

/** The name of an instruction set. */
export type InstructionSet = keyof typeof instructionSetTable;

/** How each instruction set is compiled, fastest first. */
export const instructionSets: Readonly<Record<InstructionSet, InstructionSetBuild>> = instructionSetTable;

/** The instruction sets of an architecture, fastest first. @param architecture as `process.arch` */
export function instructionSetsOf(architecture: string): InstructionSet[] {
  const all = Object.keys(instructionSetTable) as InstructionSet[];
  return all.filter((name) => [architecture, null].includes(instructionSets[name].architecture));
}
