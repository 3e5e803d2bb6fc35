// One schema file: its parts, equal ones once, and what refers to what.

import type { WorkBudget } from '../work.js';
import { badSchema, checkKeywords, isAnnotation, type JsonSchema, type SchemaObject, unsupported } from './keywords.js';
import { normalize } from './normalize.js';
import { escapeSegment, plainSchema } from './plain-schema.js';

/** A schema within a document. Equal schemas are one node, named by the place of the first. */
export interface SchemaNode {
  readonly id: number;
  /** A JSON pointer as a fragment: `#/properties/name`. */
  readonly pointer: string;
  readonly schema: JsonSchema;
}

/** Parts of a document. */
export interface SchemaDocument {
  readonly root: SchemaNode;
  /** A schema within a node's. */
  child(node: SchemaNode, ...path: readonly (string | number)[]): SchemaNode;
  /** The target of a `$ref` in the node. @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
  refer(node: SchemaNode, reference: string): SchemaNode;
  /** Makes a schema from parts of others; it has no place in the file. */
  make(schema: JsonSchema, pointer: string): SchemaNode;
  /** Checks a node's keywords at its place in the file. @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
  check(node: SchemaNode): void;
}

/** @throws ToolkitError `BAD_SCHEMA`, `LIMIT_EXCEEDED` */
export function createSchemaDocument(value: unknown, work: WorkBudget): SchemaDocument {
  const document = plainSchema(value);
  const byContent = new Map<string, SchemaNode>();
  /** The schema as it was written, for its checks. */
  const written = new Map<SchemaNode, JsonSchema>();
  const contentIds = new Map<string, number>();
  const knownIds = new WeakMap<object, number>();
  const anchors = findAnchors(document);
  return {
    root: nodeOf(document, '#'),
    child(node, ...path) {
      const inner = path.reduce<unknown>((outer, name) => (outer as SchemaObject)[name], node.schema);
      return nodeOf(inner as JsonSchema, [node.pointer, ...path.map((name) => escapeSegment(String(name)))].join('/'));
    },
    refer(node, reference) {
      const pointer = pointerOf(reference);
      if (pointer === null) {
        throw unsupported(
          `${node.pointer}/$ref: ${JSON.stringify(reference)} is in another document`,
          'put what it refers to under $defs, and refer to it by #/$defs/NAME',
        );
      }
      const found = find(segmentsOf(pointer));
      if (typeof found !== 'boolean' && (typeof found !== 'object' || found === null || Array.isArray(found))) {
        throw badSchema(
          `${node.pointer}/$ref: ${JSON.stringify(reference)} refers to no schema, expected one`,
          'put what it refers to under $defs, and refer to it by #/$defs/NAME',
        );
      }
      return nodeOf(found as JsonSchema, ['#', ...segmentsOf(pointer).map(escapeSegment)].join('/'));
    },
    make: (schema, pointer) => nodeOf(schema, pointer),
    check: (node) => checkKeywords(written.get(node)!, node.pointer),
  };

  function nodeOf(raw: JsonSchema, pointer: string): SchemaNode {
    const content = contentOf(raw);
    const known = byContent.get(content);
    if (known !== undefined) return known;
    work.keep(200 + content.length, 'alternatives');
    const node = { id: byContent.size, pointer, schema: isWellFormed(raw) ? normalize(raw) : raw };
    byContent.set(content, node);
    written.set(node, raw);
    return node;
  }

  /** A key that is equal for schemas with the same meaning; titles and other annotations do not count. */
  function contentOf(schema: JsonSchema): string {
    if (typeof schema === 'boolean') return String(schema);
    const keywords = Object.keys(schema).filter((keyword) => !isAnnotation(keyword, schema));
    return keywords
      .sort()
      .map((keyword) => `${JSON.stringify(keyword)}:${contentId(schema[keyword])}`)
      .join();
  }

  /** Equal for equal JSON, members in the same order. */
  function contentId(value: unknown): number {
    if (typeof value !== 'object' || value === null) return idOf(JSON.stringify(value));
    const known = knownIds.get(value);
    if (known !== undefined) return known;
    const inner = Array.isArray(value)
      ? `[${value.map(contentId).join()}]`
      : `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${contentId(member)}`)}}`;
    const id = idOf(inner);
    knownIds.set(value, id);
    return id;
  }

  function idOf(text: string): number {
    const known = contentIds.get(text);
    if (known !== undefined) return known;
    work.spend(1, 'alternatives');
    contentIds.set(text, contentIds.size);
    return contentIds.size - 1;
  }

  /** The pointer of a reference within this document, also by the document's own name or by an anchor. */
  function pointerOf(reference: string): string | null {
    const { $id, id } = document as { $id?: unknown; id?: unknown };
    const own = [$id, id].find((name) => typeof name === 'string' && name !== '' && reference.startsWith(name));
    const fragment = own === undefined ? reference : reference.slice((own as string).length).replace(/^#?/, '#');
    if (fragment === '#' || fragment.startsWith('#/')) return fragment;
    return anchors.get(fragment) ?? null;
  }

  function find(segments: readonly string[]): unknown {
    let value: unknown = document;
    for (const segment of segments) {
      const isInside = typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
      if (!isInside) return undefined;
      value = (value as Record<string, unknown>)[segment];
    }
    return value;
  }
}

/** Names of schemas, as `#name`, with their pointers. */
function findAnchors(document: JsonSchema): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const path: string[] = ['#'];
  visit(document);
  return found;

  function visit(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === '$anchor' && typeof inner === 'string' && !found.has(`#${inner}`)) {
        found.set(`#${inner}`, path.join('/'));
      }
      path.push(escapeSegment(name));
      visit(inner);
      path.pop();
    }
  }
}

/** Whether the keywords to rewrite have valid values. Others stay unchanged and are reported later. */
function isWellFormed(schema: JsonSchema): boolean {
  if (typeof schema === 'boolean') return true;
  const { type, dependencies } = schema;
  const isType = type === undefined || typeof type === 'string' || Array.isArray(type);
  return isType && (dependencies === undefined || (typeof dependencies === 'object' && dependencies !== null));
}

/** @see RFC 6901 */
function segmentsOf(pointer: string): string[] {
  const [, ...segments] = pointer.split('/');
  return segments.map((segment) => decodePercent(segment).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decodePercent(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
