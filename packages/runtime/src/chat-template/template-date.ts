// The date of a conversation, for templates that would ask the clock at every turn.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/**
 * The local date as Llama's templates write it (`26 Jul 2024`) for one that would ask the clock, else undefined. A
 * conversation keeps one date: past midnight another would change its first tokens, and all after them.
 */
export function templateDate(template: string, today: Date): string | undefined {
  if (!template.includes('strftime_now')) return undefined;
  return `${String(today.getDate()).padStart(2, '0')} ${MONTHS[today.getMonth()]} ${today.getFullYear()}`;
}
