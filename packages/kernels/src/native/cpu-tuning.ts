// The table of CPUs: where choices other than the defaults of an instruction set were measured to be faster.
import { type ChosenTuning, decodeTuning, type Tuning, tuningNames } from '../tuning.js';
import type { CpuModel, NativeBackend } from './addon.js';

/** A core, by what CPUID says of it. */
interface KnownCpu {
  readonly name: string;
  readonly vendor: string;
  readonly family: number;
  /** First and last model of each range; every model of the family without them. */
  readonly models?: readonly (readonly [number, number])[];
  /** The choices that differ from the defaults. */
  readonly tuning: Partial<Tuning>;
}

/** docs/performance.md has the figures. */
const knownCpus: readonly KnownCpu[] = [
  {
    name: 'AMD Zen 4',
    vendor: 'AuthenticAMD',
    family: 25,
    models: [
      [0x10, 0x1f],
      [0x60, 0x7f],
      [0xa0, 0xaf],
    ],
    // This core has few buffers for misses of the first-level cache, and a prefetcher of its own that needs them.
    tuning: { prefetch: 'page-starts', prefetchBytes: 4096 },
  },
  { name: 'AMD Zen 5', vendor: 'AuthenticAMD', family: 26, tuning: {} },
  {
    name: 'Intel Sapphire Rapids or Emerald Rapids',
    vendor: 'GenuineIntel',
    family: 6,
    models: [
      [0x8f, 0x8f],
      [0xcf, 0xcf],
    ],
    // A line that is prefetched into the first level holds one of its few buffers for misses until memory answers.
    tuning: { prefetch: 'second-level' },
  },
];

/** Whether the table lists a CPU. */
export function isKnownCpu(cpu: CpuModel): boolean {
  return knownCpus.some((known) => isCpu(known, cpu));
}

/** Sources of choices besides the instruction set. A later one overrides an earlier one. */
export interface TuningSources {
  readonly measured?: Partial<Tuning> | undefined;
  /** Checked choices of the caller. */
  readonly forced?: Partial<Tuning> | undefined;
}

/** The choices for a backend on a CPU. */
export function chooseTuning(
  backend: NativeBackend,
  cpu: CpuModel,
  { measured = {}, forced = {} }: TuningSources,
): ChosenTuning {
  const defaults = decodeTuning(backend.tuning);
  const known = knownCpus.find((candidate) => isCpu(candidate, cpu));
  const sources = { CPU: known?.tuning ?? {}, measured, forced } as const;
  const reasonOf = (name: keyof Tuning) =>
    (['forced', 'measured', 'CPU'] as const).find((source) => sources[source][name] !== undefined) ?? 'default';
  const chosen = { ...defaults, ...sources.CPU, ...measured, ...forced };
  return {
    ...chosen,
    streamTokens: Math.min(chosen.streamTokens, defaults.streamTokens),
    cpu: known?.name ?? null,
    reasons: Object.fromEntries(tuningNames.map((name) => [name, reasonOf(name)])) as ChosenTuning['reasons'],
  };
}

function isCpu({ vendor, family, models = [[0, 255]] }: KnownCpu, cpu: CpuModel): boolean {
  const isModel = models.some(([first, last]) => first <= cpu.model && cpu.model <= last);
  return vendor === cpu.vendor && family === cpu.family && isModel;
}
