// One schema file: its parts by where they stand, and what refers to what.

import { badSchema, checkKeywords, type JsonSchema, unsupported } from './keywords.js';

/** A schema within a document. */
export interface SchemaNode {
  /** A JSON pointer as a fragment: `#/properties/name`. */
  readonly pointer: string;
  readonly schema: JsonSchema;
}

/** Parts of a document, each one object for as long as the document lives. */
export interface SchemaDocument {
  readonly root: SchemaNode;
  /** @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
  child(node: SchemaNode, ...path: readonly (string | number)[]): SchemaNode;
  /** What a `$ref` in the node refers to. @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
  refer(node: SchemaNode, reference: string): SchemaNode;
}

/** @throws ToolkitError `BAD_SCHEMA`, `UNSUPPORTED_SCHEMA` */
export function createSchemaDocument(value: unknown): SchemaDocument {
  const document = plainJson(value);
  if (typeof document !== 'boolean' && (typeof document !== 'object' || document === null || Array.isArray(document))) {
    throw badSchema(`${JSON.stringify(document)}, expected an object, true or false`);
  }
  const nodes = new Map<string, SchemaNode>();
  return {
    root: nodeAt([]),
    child: (node, ...path) => nodeAt([...segmentsOf(node.pointer), ...path.map(String)]),
    refer(node, reference) {
      if (reference !== '#' && !reference.startsWith('#/')) {
        throw unsupported(
          `${node.pointer}/$ref: ${JSON.stringify(reference)} is in another document, or has a name`,
          'put what it refers to under $defs, and refer to it by #/$defs/NAME',
        );
      }
      const found = find(segmentsOf(reference));
      if (typeof found !== 'boolean' && (typeof found !== 'object' || found === null || Array.isArray(found))) {
        throw badSchema(`${node.pointer}/$ref: ${JSON.stringify(reference)} refers to no schema, expected one`);
      }
      return nodeAt(segmentsOf(reference));
    },
  };

  function nodeAt(segments: readonly string[]): SchemaNode {
    const pointer = ['#', ...segments.map(escapeSegment)].join('/');
    const known = nodes.get(pointer);
    if (known !== undefined) return known;
    const schema = find(segments) as JsonSchema;
    checkKeywords(schema, pointer);
    const node = { pointer, schema };
    nodes.set(pointer, node);
    return node;
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

function plainJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null');
  } catch (cause) {
    throw badSchema(`${cause instanceof Error ? cause.message : cause}, expected what JSON can say`);
  }
}

/** @see RFC 6901 */
function segmentsOf(pointer: string): string[] {
  const [, ...segments] = pointer.split('/');
  return segments.map((segment) => decodePercent(segment).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function escapeSegment(segment: string): string {
  return segment.replaceAll('%', '%25').replaceAll('~', '~0').replaceAll('/', '~1');
}

function decodePercent(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
