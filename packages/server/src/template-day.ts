// A day as Llama's chat templates write it.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** The day of a moment in UTC, the same on every machine: `26 Jul 2024`. */
export function templateDay(time: Date): string {
  const day = String(time.getUTCDate()).padStart(2, '0');
  return `${day} ${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
}
