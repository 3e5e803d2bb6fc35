// Runs a program to its end, and watches when it first writes and how much memory it takes.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Often enough to see the peak of a process that lives for half a second. */
const MEMORY_POLL_MILLISECONDS = 10;

/** What came of a program. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Seconds from the start to the first byte on standard output. */
  readonly firstByteSeconds: number;
  /** 0 where the system has no /proc. */
  readonly peakResidentBytes: number;
}

/** Runs it; an exit code other than 0 is an error. `env` is added to this process's. */
export async function runProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramOutput> {
  const startedAt = Date.now();
  const start = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let firstByteSeconds = Number.NaN;
  let peakResidentBytes = 0;
  const poll = setInterval(() => {
    peakResidentBytes = Math.max(peakResidentBytes, residentPeakOf(child.pid));
  }, MEMORY_POLL_MILLISECONDS);
  child.stdout.on('data', (data: Buffer) => {
    if (Number.isNaN(firstByteSeconds)) firstByteSeconds = (performance.now() - start) / 1000;
    stdout += data.toString('latin1');
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString('latin1');
  });
  try {
    const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
    if (code !== 0) throw new Error(`${[command, ...args].join(' ')}: exit code ${code}\n${stderr}`);
  } finally {
    clearInterval(poll);
  }
  return { stdout, stderr, startedAt, firstByteSeconds, peakResidentBytes };
}

function residentPeakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
