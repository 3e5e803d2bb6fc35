// `strftime_now`: a date in the forms of C's strftime, in the C locale, as Python on Linux writes them.

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY_MS = 86_400_000;
/** `%`, the GNU flags, a width, the modifiers E and O, and the letter. */
const DIRECTIVE = /%([-_0^#]*)(\d*)([EO]?)([a-zA-Z%+])/g;
const MAX_FIELD_WIDTH = 1000;

/** A number with its usual width and what fills it. */
interface Field {
  readonly value: number;
  readonly width: number;
  readonly fill?: '0' | ' ';
}

/** Local time, as `datetime.now()` is. */
export function strftime(format: string, date: Date): string {
  return format.replace(DIRECTIVE, (whole, flags: string, width: string, _modifier, letter: string) => {
    const found = directive(letter, date);
    // Python itself writes %f, in this form alone.
    const isForeign = letter === 'f' && whole !== '%f';
    if (found === null || isForeign || Number(width) > MAX_FIELD_WIDTH) return whole;
    return typeof found === 'string' ? text(found, letter, flags, Number(width)) : number(found, flags, width);
  });
}

function text(value: string, letter: string, flags: string, width: number): string {
  const isSwapped = flags.includes('#');
  const isSmall = isSwapped && (letter === 'p' || letter === 'Z');
  const cased = isSmall ? value.toLowerCase() : flags.includes('^') || isSwapped ? value.toUpperCase() : value;
  return cased.padStart(width, flags.includes('0') ? '0' : ' ');
}

function number({ value, width: usual, fill = '0' }: Field, flags: string, width: string): string {
  const [flag] = flags.replace(/[^-_0]/g, '').slice(-1);
  const digits = String(Math.abs(value));
  const sign = value < 0 ? '-' : '';
  if (flag === '-' && width === '') return sign + digits;
  const filling = flag === '_' ? ' ' : flag === '0' ? '0' : fill;
  return sign + digits.padStart(width === '' ? usual : Number(width), filling);
}

function directive(letter: string, date: Date): string | Field | null {
  const year = date.getFullYear();
  const month = date.getMonth();
  const day = date.getDate();
  const weekday = date.getDay();
  const hour = date.getHours();
  const dayOfYear = Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / DAY_MS);
  switch (letter) {
    case 'a':
      return DAYS[weekday]!.slice(0, 3);
    case 'A':
      return DAYS[weekday]!;
    case 'b':
    case 'h':
      return MONTHS[month]!.slice(0, 3);
    case 'B':
      return MONTHS[month]!;
    case 'c':
      return strftime('%a %b %e %H:%M:%S %Y', date);
    case 'C':
      return { value: Math.floor(year / 100), width: 2 };
    case 'd':
      return { value: day, width: 2 };
    case 'D':
    case 'x':
      return strftime('%m/%d/%y', date);
    case 'e':
      return { value: day, width: 2, fill: ' ' };
    case 'f':
      return { value: date.getMilliseconds() * 1000, width: 6 };
    case 'F':
      return strftime('%Y-%m-%d', date);
    case 'g':
      return { value: isoWeek(date).year % 100, width: 2 };
    case 'G':
      return { value: isoWeek(date).year, width: 1 };
    case 'H':
      return { value: hour, width: 2 };
    case 'I':
      return { value: hour % 12 || 12, width: 2 };
    case 'j':
      return { value: dayOfYear + 1, width: 3 };
    case 'k':
      return { value: hour, width: 2, fill: ' ' };
    case 'l':
      return { value: hour % 12 || 12, width: 2, fill: ' ' };
    case 'm':
      return { value: month + 1, width: 2 };
    case 'M':
      return { value: date.getMinutes(), width: 2 };
    case 'n':
      return '\n';
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'P':
      return hour < 12 ? 'am' : 'pm';
    case 'r':
      return strftime('%I:%M:%S %p', date);
    case 'R':
      return strftime('%H:%M', date);
    case 's':
      return { value: Math.floor(date.getTime() / 1000), width: 1 };
    case 'S':
      return { value: date.getSeconds(), width: 2 };
    case 't':
      return '\t';
    case 'T':
    case 'X':
      return strftime('%H:%M:%S', date);
    case 'u':
      return { value: weekday || 7, width: 1 };
    case 'U':
      return { value: Math.floor((dayOfYear + 7 - weekday) / 7), width: 2 };
    case 'V':
      return { value: isoWeek(date).week, width: 2 };
    case 'w':
      return { value: weekday, width: 1 };
    case 'W':
      return { value: Math.floor((dayOfYear + 7 - ((weekday + 6) % 7)) / 7), width: 2 };
    case 'y':
      return { value: year % 100, width: 2 };
    case 'Y':
      return { value: year, width: 1 };
    case 'z':
    case 'Z':
      // Python's now() knows no time zone.
      return '';
    case '%':
      return '%';
    default:
      return null;
  }
}

/** The week of ISO 8601, which is in the year that its Thursday is in. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7)));
  const year = thursday.getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) };
}
