// The date of a conversation, for templates that would read the clock at every turn.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/**
 * The local date as Llama's templates write it (`26 Jul 2024`) for a template that reads the clock, else undefined. A
 * conversation keeps one date: after midnight another one would change its first tokens, and everything after them would
 * be computed again.
 */
export function templateDate(template: string, today: Date): string | undefined {
  if (!template.includes('strftime_now')) return undefined;
  return `${String(today.getDate()).padStart(2, '0')} ${MONTHS[today.getMonth()]} ${today.getFullYear()}`;
}

/** The day that a date in that form names, else null. */
export function dateOf(dateString: string): Date | null {
  const [, day, month, year] = /^(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})$/.exec(dateString) ?? [];
  const index = (MONTHS as readonly (string | undefined)[]).indexOf(month);
  return index < 0 ? null : new Date(Number(year), index, Number(day));
}
