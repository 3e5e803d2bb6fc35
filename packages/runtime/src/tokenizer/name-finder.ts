// Finds special names in text, leftmost first and longest at one place, in one pass.

/** A name found, as UTF-16 positions. */
export interface FoundName {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Every name in a text, from left to right, without overlap. */
export type NameFinder = (text: string) => Generator<FoundName>;

/** A node of the tree of names, by UTF-16 unit. */
interface Node {
  readonly children: Map<number, Node>;
  name?: string;
}

export function createNameFinder(names: Iterable<string>): NameFinder {
  const root: Node = { children: new Map() };
  for (const name of names) {
    let node = root;
    for (let i = 0; i < name.length; i++) {
      const unit = name.charCodeAt(i);
      let child = node.children.get(unit);
      if (child === undefined) {
        child = { children: new Map() };
        node.children.set(unit, child);
      }
      node = child;
    }
    node.name = name;
  }

  return function* (text) {
    for (let start = 0; start < text.length; ) {
      const name = longestAt(root, text, start);
      if (name !== undefined) yield { start, end: start + name.length, name };
      start += name?.length ?? 1;
    }
  };
}

function longestAt(root: Node, text: string, start: number): string | undefined {
  let longest: string | undefined;
  let node = root.children.get(text.charCodeAt(start));
  for (let i = start + 1; node !== undefined; i++) {
    longest = node.name ?? longest;
    node = node.children.get(text.charCodeAt(i));
  }
  return longest;
}
