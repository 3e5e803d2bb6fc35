// Reads typed fields of parsed JSON and refuses missing, mistyped and unknown ones.

import { isObject } from '@llama-ts/base';
import { badTrailer } from './bytes.js';

/** Reads the fields of one JSON object; `''` names the value itself, for items of an array. */
export class FieldReader {
  private readonly fields: ReadonlyMap<string, unknown>;
  private readonly taken = new Set<string>();

  constructor(
    private readonly value: unknown,
    private readonly path: string,
  ) {
    this.fields = new Map(isObject(value) ? Object.entries(value) : []);
  }

  object(field: string): FieldReader {
    const value = this.take(field);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.mistyped(field, 'an object');
    return new FieldReader(value, this.at(field));
  }

  array<T>(field: string, item: (reader: FieldReader) => T): T[] {
    const value = this.take(field);
    if (!Array.isArray(value)) throw this.mistyped(field, 'an array');
    return value.map((element: unknown, i) => item(new FieldReader(element, `${this.at(field)}[${i}]`)));
  }

  /** null stays null; anything else is read by `read`. */
  nullable<T>(field: string, read: () => T): T | null {
    return this.take(field) === null ? null : read();
  }

  /** The field as an object of one property; an empty object where it is missing. */
  optional<Field extends string, T>(field: Field, read: () => T): { readonly [Name in Field]?: T } {
    if (!this.fields.has(field)) return {};
    return { [field]: read() } as { readonly [Name in Field]?: T };
  }

  string(field: string, pattern?: RegExp): string {
    const value = this.take(field);
    if (typeof value !== 'string') throw this.mistyped(field, 'a string');
    if (pattern !== undefined && !pattern.test(value)) throw this.mistyped(field, `a string like ${pattern.source}`);
    return value;
  }

  boolean(field: string): boolean {
    const value = this.take(field);
    if (typeof value !== 'boolean') throw this.mistyped(field, 'true or false');
    return value;
  }

  number(field: string): number {
    const value = this.take(field);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.mistyped(field, 'a finite number');
    return value;
  }

  positive(field: string): number {
    const value = this.number(field);
    if (value <= 0) throw this.mistyped(field, 'a number above 0');
    return value;
  }

  integer(field: string, min: number): number {
    const value = this.number(field);
    if (!Number.isSafeInteger(value) || value < min) throw this.mistyped(field, `a whole number from ${min}`);
    return value;
  }

  /** An object of strings by names of any kind. */
  record(field: string): Record<string, string> {
    const value = this.take(field);
    if (!isObject(value) || Object.values(value).some((item) => typeof item !== 'string')) {
      throw this.mistyped(field, 'an object of strings');
    }
    return Object.fromEntries(Object.entries(value)) as Record<string, string>;
  }

  /** @throws ToolkitError `BAD_TRAILER` when a field was not taken */
  end(): void {
    for (const field of this.fields.keys()) {
      if (!this.taken.has(field)) throw badTrailer(`${this.path}: unknown field ${JSON.stringify(field)}`);
    }
  }

  private take(field: string): unknown {
    if (field === '') return this.value;
    this.taken.add(field);
    return this.fields.get(field);
  }

  private at(field: string): string {
    return field === '' ? this.path : `${this.path}.${field}`;
  }

  private mistyped(field: string, expected: string): Error {
    const found = JSON.stringify(this.take(field)) ?? 'nothing';
    return badTrailer(`${this.at(field)}: ${found.slice(0, 80)}, expected ${expected}`);
  }
}
