// Sizes as people read them.

const UNITS = ['bytes', 'kB', 'MB', 'GB'];

/** A number of bytes in decimal units: `1.2 GB`. */
export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`;
}
