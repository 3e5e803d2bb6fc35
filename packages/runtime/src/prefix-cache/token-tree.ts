// A tree of blocks of tokens: a path from the root is the beginning of a sequence, and what sequences share is there once.
//
// A block that is not full is a leaf; a longer sequence with the same beginning fills it. The nodes are ordered by their last
// use, and a node is always used after its descendants, so that the least recently used node is a leaf.

/** A block of the tree, and its tokens. */
export interface TreeNode<Block> {
  readonly block: Block;
  /** The tokens of the block, at least one. */
  readonly tokens: number[];
  readonly parent: TreeNode<Block> | null;
  /** Children, keyed by their first token. Only a node whose block is full has children. */
  readonly children: Map<number, TreeNode<Block>[]>;
}

/** A node on a path, and how many of its tokens belong to the path: of all but the last node, all. */
export interface Step<Block> {
  readonly node: TreeNode<Block>;
  readonly nTokens: number;
}

/** Blocks by the tokens of sequences. */
export interface TokenTree<Block> {
  /** The longest path that `tokens` begin with. */
  find(tokens: readonly number[]): Step<Block>[];
  /** The child of a node, null for the root, that shares the most tokens with `tokens`; null where none shares one. */
  closest(parent: TreeNode<Block> | null, tokens: readonly number[]): Step<Block> | null;
  add(parent: TreeNode<Block> | null, tokens: readonly number[], block: Block): TreeNode<Block>;
  /** Marks the nodes of a path, from the root, as just used. */
  use(path: readonly TreeNode<Block>[]): void;
  /** Takes out the least recently used node, a leaf, and returns its block; null where that is one of `kept`. */
  evict(kept: ReadonlySet<TreeNode<Block>>): Block | null;
  clear(): void;
}

/** @param blockSize tokens of a full block */
export function createTokenTree<Block>(blockSize: number): TokenTree<Block> {
  const roots: TreeNode<Block>['children'] = new Map();
  /** All nodes, the least recently used first. */
  const byUse = new Set<TreeNode<Block>>();

  const childrenOf = (parent: TreeNode<Block> | null) => parent?.children ?? roots;

  function closest(parent: TreeNode<Block> | null, tokens: readonly number[]): Step<Block> | null {
    let best: Step<Block> | null = null;
    for (const node of childrenOf(parent).get(tokens[0]!) ?? []) {
      const nTokens = commonLength(node.tokens, tokens);
      if (nTokens > (best?.nTokens ?? 0)) best = { node, nTokens };
    }
    return best;
  }

  return {
    closest,
    find(tokens) {
      const path: Step<Block>[] = [];
      for (let at = 0, parent: TreeNode<Block> | null = null; at < tokens.length; at += blockSize) {
        const step = closest(parent, tokens.slice(at, at + blockSize));
        if (step === null) break;
        path.push(step);
        if (step.nTokens < blockSize) break;
        parent = step.node;
      }
      return path;
    },
    add(parent, tokens, block) {
      const node = { block, tokens: [...tokens], parent, children: new Map() };
      const siblings = childrenOf(parent);
      siblings.set(tokens[0]!, [...(siblings.get(tokens[0]!) ?? []), node]);
      byUse.add(node);
      return node;
    },
    use(path) {
      for (const node of path.toReversed()) {
        byUse.delete(node);
        byUse.add(node);
      }
    },
    evict(kept) {
      const [node] = byUse;
      if (node === undefined || kept.has(node)) return null;
      byUse.delete(node);
      const siblings = childrenOf(node.parent);
      const [first] = node.tokens;
      const left = siblings.get(first!)!.filter((other) => other !== node);
      if (left.length > 0) siblings.set(first!, left);
      else siblings.delete(first!);
      return node.block;
    },
    clear() {
      roots.clear();
      byUse.clear();
    },
  };
}

/** How many tokens two sequences begin with alike. */
export function commonLength(a: readonly number[], b: readonly number[], most = Number.POSITIVE_INFINITY): number {
  const end = Math.min(a.length, b.length, most);
  let n = 0;
  while (n < end && a[n] === b[n]) n++;
  return n;
}
