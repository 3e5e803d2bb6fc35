// The journal beside a model's bytes: a line of JSON for each thing that became certain, in that order. Bytes are flushed
// before the line that vouches for them, so a line is true whenever the tab was closed; a torn last line is none.
//
//   {"form": …, "name": …, "url": …, "byteLength": …, "etag": …, "lastModified": …, "servesRanges": …, "started": …}
//   {"verified": [begin, end]}       header, trailer or a tensor: its sha256 is the trailer's
//   {"received": [begin, end]}       of what begins at `begin`: bytes that are there and not verified yet
//   {"complete": time, "isChecked": …}

/** A range of bytes, its end excluded. */
export type ByteRange = readonly [begin: number, end: number];

/** What a server says of a file; the same file has the same. */
export interface Identity {
  readonly byteLength: number;
  /** null where the server states none, or does not show it to other origins. */
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** The first line. */
export interface ReceivedModel extends Identity {
  readonly name: string;
  readonly url: string;
  /** Whether the server sends parts of the file. */
  readonly servesRanges: boolean;
  /** When the download began, in ISO 8601. */
  readonly started: string;
}

/** Lines after the first. */
export type JournalRecord =
  | { readonly verified: ByteRange }
  | { readonly received: ByteRange }
  | { readonly complete: string; readonly isChecked: boolean };

/** What a journal says. */
export interface JournalContent {
  readonly facts: ReceivedModel;
  readonly verified: readonly ByteRange[];
  /** The last range that was received and is not verified. */
  readonly received: ByteRange | null;
  /** null while the model is not whole. */
  readonly complete: { readonly at: string; readonly isChecked: boolean } | null;
  /** Bytes of the journal up to the last whole line. */
  readonly end: number;
}

/** Changes when journals are written in another form, which are then not read. */
const FORM = 'llama-ts browser store 1';

/** The bytes of the first line. */
export function encodeFacts(facts: ReceivedModel): Uint8Array<ArrayBuffer> {
  return encodeLine({ form: FORM, ...facts });
}

/** The bytes of a line. */
export function encodeRecord(record: JournalRecord): Uint8Array<ArrayBuffer> {
  return encodeLine(record);
}

/** Reads a journal up to what is torn or unknown; null if that is its first line. */
export function decodeJournal(bytes: Uint8Array): JournalContent | null {
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  const facts = readFacts(parse(lines[0] ?? ''));
  if (facts === null) return null;
  let end = lineBytes(lines[0]!);
  const verified: ByteRange[] = [];
  let received: ByteRange | null = null;
  let complete: JournalContent['complete'] = null;
  for (const line of lines.slice(1)) {
    const record = parse(line) as Record<string, unknown> | null;
    if (isRange(record?.verified, facts)) {
      verified.push(record.verified);
      received = null;
    } else if (isRange(record?.received, facts)) received = record.received;
    else if (typeof record?.complete === 'string' && typeof record.isChecked === 'boolean') {
      complete = { at: record.complete, isChecked: record.isChecked };
    } else break;
    end += lineBytes(line);
  }
  return { facts, verified, received, complete, end };
}

/** How many bytes are there, verified or not. */
export function receivedBytes({ facts, verified, received, complete }: JournalContent): number {
  if (complete !== null) return facts.byteLength;
  const ranges = received === null ? verified : [...verified, received];
  return ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);
}

/** Whether two answers of a server are of the same file, as far as they tell. */
export function isSameFile(a: Identity, b: Identity): boolean {
  if (a.byteLength !== b.byteLength) return false;
  if (a.etag !== null && b.etag !== null) return opaque(a.etag) === opaque(b.etag);
  return a.lastModified === null || b.lastModified === null || a.lastModified === b.lastModified;
}

/** A weak validator and a strong one of the same file differ by their prefix alone. */
function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}

function encodeLine(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

function lineBytes(line: string): number {
  return new TextEncoder().encode(line).byteLength + 1;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function readFacts(value: unknown): ReceivedModel | null {
  const { form, ...facts } = (value ?? {}) as ReceivedModel & { readonly form?: unknown };
  const { name, url, byteLength, etag, lastModified, servesRanges, started } = facts;
  const areTexts = [name, url, started].every((text) => typeof text === 'string');
  const areValidators = [etag, lastModified].every((text) => text === null || typeof text === 'string');
  const isKnown = form === FORM && areTexts && areValidators && typeof servesRanges === 'boolean';
  return isKnown && Number.isSafeInteger(byteLength) && byteLength >= 0 ? facts : null;
}

function isRange(value: unknown, { byteLength }: ReceivedModel): value is ByteRange {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [begin, end] = value as [unknown, unknown];
  return (
    Number.isSafeInteger(begin) &&
    Number.isSafeInteger(end) &&
    0 <= (begin as number) &&
    (begin as number) <= (end as number) &&
    (end as number) <= byteLength
  );
}
