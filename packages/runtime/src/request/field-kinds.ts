// The kinds of a request's fields, as JSON: range, words of the error, JSON schema, and the option's value.

/** A kind of value. */
export interface FieldKind {
  /** Follows "expected" in an error: `a number from 0 to 1`. */
  readonly expected: string;
  /** JSON schema of the value. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The option's value; undefined for what is not of the kind. */
  read(value: unknown): unknown;
}

/** A kind of number, with what a flag has to know to read one from text. */
export interface NumberKind extends FieldKind {
  /** Smallest value that is accepted. */
  readonly min: number;
  /** `Number.MAX_SAFE_INTEGER` for no bound. */
  readonly max: number;
  readonly isWhole: boolean;
}

export const MAX_SEED = 2n ** 64n - 1n;

/** @param max the largest; default no bound, for whole numbers only */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): NumberKind {
  return numberKind(min, max, true);
}

export function number(min: number, max: number): NumberKind {
  return numberKind(min, max, false);
}

function numberKind(min: number, max: number, isWhole: boolean): NumberKind {
  const isBounded = max < Number.MAX_SAFE_INTEGER;
  return {
    min,
    max,
    isWhole,
    expected: `a ${isWhole ? 'whole number' : 'number'} from ${min}${isBounded ? ` to ${max}` : ''}`,
    schema: { type: isWhole ? 'integer' : 'number', minimum: min, ...(isBounded ? { maximum: max } : {}) },
    read(value) {
      const isGood = isWhole ? Number.isSafeInteger(value) : typeof value === 'number';
      return isGood && (value as number) >= min && (value as number) <= max ? value : undefined;
    },
  };
}

/** True or false. */
export const boolean: FieldKind = {
  expected: 'true or false',
  schema: { type: 'boolean' },
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** A seed has 64 bits, more than a JSON number holds: above 2^53 its digits are a string. */
export const seed: FieldKind = {
  expected: `a whole number from 1 to ${MAX_SEED}, in quotes above 2^53`,
  schema: { type: ['integer', 'string'], minimum: 1, pattern: '^[0-9]{1,20}$' },
  read(value) {
    const isWhole = Number.isSafeInteger(value) || (typeof value === 'string' && /^\d{1,20}$/.test(value));
    if (!isWhole) return undefined;
    const seed = BigInt(value as number | string);
    return seed >= 1n && seed <= MAX_SEED ? seed : undefined;
  },
};

/** A text that is not empty, or a list of such texts. */
export const texts: FieldKind = {
  expected: 'a text that is not empty, or a list of such',
  schema: { type: ['string', 'array'], minLength: 1, items: { type: 'string', minLength: 1 } },
  read(value) {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.every((text) => typeof text === 'string' && text !== '') ? list : undefined;
  },
};

/** Token ids; whether a model has them is checked where they are used. */
export const tokenIds: FieldKind = {
  expected: 'a list of token ids',
  schema: { type: 'array', items: { type: 'integer', minimum: 0 } },
  read: (value) => (Array.isArray(value) && value.every(isId) ? value : undefined),
};

/** An object from token ids to what is added to their logits. */
export function biases(max: number): FieldKind {
  return {
    expected: `an object from token ids to numbers from ${-max} to ${max}`,
    schema: { type: 'object', additionalProperties: { type: 'number', minimum: -max, maximum: max } },
    read(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
      const isGood = (bias: unknown): boolean => typeof bias === 'number' && Math.abs(bias) <= max;
      return Object.entries(value).every(([id, bias]) => /^\d+$/.test(id) && isGood(bias)) ? value : undefined;
    },
  };
}

function isId(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
