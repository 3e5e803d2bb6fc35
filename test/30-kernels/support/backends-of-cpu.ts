// What this CPU can run, from what Linux says of it: an oracle for the addon's own detection.

import fs from 'node:fs';
import type { BackendName } from '@llama-ts/kernels';

/** Flags of /proc/cpuinfo that a backend needs. */
const neededFlags: Readonly<Record<string, Partial<Record<BackendName, readonly string[]>>>> = {
  x64: {
    avx2: ['avx2', 'f16c'],
    avx512: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'],
    amx: ['avx512_vnni', 'amx_tile', 'amx_int8'],
    avx512vnni: ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_vnni'],
  },
  arm64: { neon: ['asimddp'] },
};

/** Backends that must run here, those of every CPU included. Linux only. */
export function backendsOfCpu(): BackendName[] {
  const [, line = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
  const flags = new Set(line.split(' '));
  const needed = Object.entries(neededFlags[process.arch] ?? {}) as [BackendName, readonly string[]][];
  const ofCpu = needed.filter(([, names]) => names.every((name) => flags.has(name))).map(([backend]) => backend);
  return [...ofCpu, 'generic', 'wasm', 'reference'];
}
