// Formats of strings as regular expressions. Where a format allows more than is sensible, they take the sensible part.

const YEAR = '[0-9]{4}';
const LEAP_YEAR = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)';
const LONG_MONTH = '(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])';
const SHORT_MONTH = '(0[469]|11)-(0[1-9]|[12][0-9]|30)';
const FEBRUARY = '02-(0[1-9]|1[0-9]|2[0-8])';
const DATE = `(${YEAR}-(${LONG_MONTH}|${SHORT_MONTH}|${FEBRUARY})|${LEAP_YEAR}-02-29)`;
/** No leap seconds: they exist only at certain dates. */
const TIME = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])';
const TIME_PARTS = '([0-9]{1,4}H([0-9]{1,4}M([0-9]{1,4}S)?)?|[0-9]{1,4}M([0-9]{1,4}S)?|[0-9]{1,4}S)';
const DATE_PARTS = '([0-9]{1,4}Y([0-9]{1,4}M([0-9]{1,4}D)?)?|[0-9]{1,4}M([0-9]{1,4}D)?|[0-9]{1,4}D)';
/** 62 characters at most, and no two hyphens, which are for names in other alphabets. */
const LABEL = '[A-Za-z0-9]{1,20}(-[A-Za-z0-9]{1,20}){0,2}';
/** The last label begins with a letter, or it would be a number of IPv4. */
const HOSTNAME = `(${LABEL}\\.){0,3}[A-Za-z][A-Za-z0-9]{0,19}(-[A-Za-z0-9]{1,20}){0,2}`;
const BYTE = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = `${BYTE}(\\.${BYTE}){3}`;
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}";
const HEX = '[0-9a-fA-F]';
const URI_CHARACTER = "([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})";

const BASE64 = '[A-Za-z0-9+/]';
const BASE64URL = '[A-Za-z0-9_-]';
/** No bits set after the prefix. */
const IPV4_NETWORK = `(${BYTE}\\.0\\.0\\.0/8|${BYTE}\\.${BYTE}\\.0\\.0/16|${BYTE}(\\.${BYTE}){2}\\.0/24|${IPV4}/32)`;
const IPV6 = `(${HEX}{1,4}:){7}${HEX}{1,4}`;
const IPV4_PREFIX = '(3[0-2]|[12]?[0-9])';
const IPV6_PREFIX = '(12[0-8]|1[01][0-9]|[1-9]?[0-9])';
/** Any text, for formats that describe where a text comes from or goes, and not its characters. */
const ANY = '[^]*';

/** Patterns that the whole string has to match, by the name of the format. */
export const formatPatterns: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `${DATE}T${TIME}`,
  duration: `P(${DATE_PARTS}(T${TIME_PARTS})?|T${TIME_PARTS}|[0-9]{1,4}W)`,
  email: `${ATOM}(\\.${ATOM}){0,2}@(${LABEL}\\.){1,3}[A-Za-z]{2,24}`,
  hostname: HOSTNAME,
  ipv4: IPV4,
  /** All eight groups, none left out. */
  ipv6: IPV6,
  /** Addresses of the web. */
  uri: `https?://${HOSTNAME}(:[1-9][0-9]{0,3})?(/${URI_CHARACTER}*)?(\\?(${URI_CHARACTER}|\\?)*)?(#(${URI_CHARACTER}|\\?)*)?`,
  uuid: `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`,
  // Formats of zod, pydantic and OpenAPI.
  uuid1: `${HEX}{8}-${HEX}{4}-1${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`,
  uuid3: `${HEX}{8}-${HEX}{4}-3${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`,
  uuid4: `${HEX}{8}-${HEX}{4}-4${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`,
  uuid5: `${HEX}{8}-${HEX}{4}-5${HEX}{3}-[89abAB]${HEX}{3}-${HEX}{12}`,
  base64: `(${BASE64}{4})*(${BASE64}{2}==|${BASE64}{3}=)?`,
  byte: `(${BASE64}{4})*(${BASE64}{2}==|${BASE64}{3}=)?`,
  base64url: `(${BASE64URL}{4})*(${BASE64URL}{2,3})?`,
  /** The header `{"alg":"HS256","typ":"JWT"}`, a body and a signature. */
  jwt: `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\\.eyJ${BASE64URL}{13,200}\\.${BASE64URL}{43}`,
  cidrv4: `${IPV4}/${IPV4_PREFIX}`,
  ipv4network: IPV4_NETWORK,
  ipv4interface: `${IPV4}/${IPV4_PREFIX}`,
  cidrv6: `${IPV6}/${IPV6_PREFIX}`,
  ipv6network: `${IPV6}/128`,
  ipv6interface: `${IPV6}/${IPV6_PREFIX}`,
  ipvanyaddress: IPV4,
  ipvanynetwork: IPV4_NETWORK,
  ipvanyinterface: `${IPV4}/${IPV4_PREFIX}`,
  password: ANY,
  binary: ANY,
  path: ANY,
  'file-path': ANY,
  'directory-path': ANY,
};

/** Emoji of every Unicode version from 12 on: pictures alone, without the parts that change or join them. */
const EMOJI =
  '[\u{1f400}-\u{1f4fd}\u{1f600}-\u{1f64f}\u{1f680}-\u{1f6c5}\u{1f910}-\u{1f93a}\u{1f93c}-\u{1f945}\u{1f950}-\u{1f970}]+';

/**
 * Patterns that zod writes and that are too large, or depend on a version of Unicode, with a smaller one that takes the
 * sensible part: whatever matches it matches the other.
 */
export const boundedPatterns: ReadonlyMap<string, string> = new Map([
  [
    '^(?=.{1,253}\\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\\.?$',
    `^${HOSTNAME}$`,
  ],
  [
    '^(?=[\\s\\S]*[\\p{Extended_Pictographic}\\p{Regional_Indicator}\\u20E3])[\\p{Extended_Pictographic}\\p{Emoji_Component}]+$',
    `^${EMOJI}$`,
  ],
  ['^(\\p{Extended_Pictographic}|\\p{Emoji_Component})+$', `^${EMOJI}$`],
]);

/** Formats of numbers, with their bounds; none for those that say how a program keeps them. */
export const numberFormats: Readonly<Record<string, { readonly min?: number; readonly max?: number }>> = {
  int8: { min: -128, max: 127 },
  int16: { min: -32_768, max: 32_767 },
  int32: { min: -2_147_483_648, max: 2_147_483_647 },
  int64: {},
  uint8: { min: 0, max: 255 },
  uint16: { min: 0, max: 65_535 },
  uint32: { min: 0, max: 4_294_967_295 },
  uint64: { min: 0 },
  float: {},
  double: {},
  decimal: {},
};
