// Test files in groups: a group runs in one process. A long file is a group of its own; short files of one folder share one,
// so that a process starts for seconds of tests and not for each file.

import path from 'node:path';

/** Seconds of tests that are worth a process. */
const GROUP_SECONDS = 10;

/**
 * @param files paths from the repository's root
 * @param secondsOf how long a file takes
 * @returns groups, the longest first: they are handed out in this order, so that no long one is left for the end
 */
export function groupFiles(files, secondsOf) {
  const groups = [];
  let open = null;
  for (const file of [...files].sort()) {
    const seconds = secondsOf(file);
    const folder = path.dirname(file);
    if (open?.folder !== folder || open.seconds + seconds > GROUP_SECONDS) {
      open = { folder, files: [], seconds: 0 };
      groups.push(open);
    }
    open.files.push(file);
    open.seconds += seconds;
  }
  return groups.sort((a, b) => b.seconds - a.seconds).map(({ files }) => files);
}
