// The end of a test run: the slowest files, what failed, and one line that other programs read.

/** How many of the slowest files are shown. */
const N_SLOWEST = 10;

/**
 * @param outcomes of {@link runGroups} or of {@link runAgain}
 * @returns lines, the last of them `N passed, N failed, N skipped`; a process that crashed counts as one failure
 */
export function closingLines(outcomes) {
  const sum = (name) => outcomes.reduce((total, outcome) => total + outcome[name], 0);
  const crashes = outcomes.flatMap(({ crash }) => (crash === null ? [] : [`a process ${crash}`]));
  const failures = [...outcomes.flatMap((outcome) => outcome.failures), ...crashes];
  const files = outcomes.flatMap((outcome) => outcome.files).sort((a, b) => b.seconds - a.seconds);
  const failed = sum('failed') + crashes.length;
  const lines = ['', 'the slowest files (seconds, seconds of processor time):'];
  for (const { file, seconds, cpuSeconds } of files.slice(0, N_SLOWEST))
    lines.push(`${seconds.toFixed(1).padStart(8)} ${cpuSeconds.toFixed(1).padStart(8)}  ${file}`);
  const passedAlone = outcomes.flatMap(({ firstFailures = [] }) => firstFailures);
  if (passedAlone.length > 0)
    lines.push('failed beside others, passed alone:', ...passedAlone.map((line) => `  ${line}`));
  if (failures.length > 0) lines.push('failed:', ...failures.map((line) => `  ${line}`));
  lines.push(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
  return { lines, hasFailed: failed > 0 };
}
