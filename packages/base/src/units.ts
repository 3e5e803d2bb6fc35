// Numbers as people read them, and the unit in which files and memory are cut.

/** Bytes of a page: the largest alignment that disks need, in memory and in a file, where it is 512 bytes or 4,096. */
export const PAGE_BYTES = 4096;

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1500000` as `1.5 MB`. */
export function byteSize(byteLength: number): string {
  let value = byteLength;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${value} ${UNITS[0]}` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** `4.0 MB free, expected 4.6 MB`, with what is missing where the two read alike. */
export function freeSpace(freeBytes: number, neededBytes: number, where = ''): string {
  const [free, needed] = [byteSize(freeBytes), byteSize(neededBytes)];
  const missing = free === needed ? `, ${byteSize(neededBytes - freeBytes)} more` : '';
  return `${free} free${where}, expected ${needed}${missing}`;
}
