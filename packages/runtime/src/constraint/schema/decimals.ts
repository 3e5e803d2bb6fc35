// Exact arithmetic on numbers as they are written in decimals.

/** `digits / 10^decimals`, with as few decimals as it takes. */
export interface Decimal {
  readonly digits: bigint;
  readonly decimals: number;
}

/** The shortest decimal that is read as the number. */
export function decimalOf(value: number): Decimal {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  const decimals = fraction.length - Number(exponent);
  return decimals >= 0 ? { digits, decimals } : { digits: digits * 10n ** BigInt(-decimals), decimals: 0 };
}

export function isMultipleOf(value: number, divisor: number): boolean {
  const a = decimalOf(value);
  const b = decimalOf(divisor);
  const decimals = Math.max(a.decimals, b.decimals);
  const scaled = ({ digits, decimals: own }: Decimal): bigint => digits * 10n ** BigInt(decimals - own);
  return b.digits !== 0n && scaled(a) % scaled(b) === 0n;
}
