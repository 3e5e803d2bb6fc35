// The syntax tree of a template.

import type { Operator } from './arithmetic.js';
import type { Value } from './values.js';

export type Expression = { readonly line: number /** Levels of expressions within it. */; readonly depth: number } & (
  | { readonly type: 'constant'; readonly value: Value }
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly type: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly type: 'unary'; readonly operator: 'not' | '-' | '+'; readonly value: Expression }
  | { readonly type: 'binary'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'logical'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'compare'; readonly first: Expression; readonly rest: readonly Comparison[] }
  | { readonly type: 'concat'; readonly parts: readonly Expression[] }
  | { readonly type: 'condition'; readonly test: Expression; readonly yes: Expression; readonly no: Expression | null }
  | { readonly type: 'attribute'; readonly value: Expression; readonly name: string }
  | { readonly type: 'item'; readonly value: Expression; readonly key: Expression }
  | { readonly type: 'slice'; readonly value: Expression; readonly bounds: readonly (Expression | null)[] }
  | { readonly type: 'call'; readonly callee: Expression; readonly args: Arguments }
  | { readonly type: 'filter'; readonly value: Expression | null; readonly name: string; readonly args: Arguments }
  | { readonly type: 'test'; readonly value: Expression; readonly name: string; readonly args: Arguments }
);

export interface Comparison {
  readonly operator: ComparisonOperator;
  readonly value: Expression;
}

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
  /** `*rest` and `**rest`. */
  readonly list: Expression | null;
  readonly dict: Expression | null;
}

/** A target of an assignment. */
export type Target =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'tuple'; readonly items: readonly Target[] }
  | { readonly type: 'attribute'; readonly name: string; readonly attribute: string };

export interface Parameters {
  readonly names: readonly string[];
  /** Defaults of the last parameters. */
  readonly defaults: readonly Expression[];
}

/** A body that is called: of a macro, or of a call block. */
export interface Routine extends Parameters {
  readonly name: string;
  readonly body: readonly Statement[];
  /** Which of `caller`, `kwargs` and `varargs` the body reads. */
  readonly special: ReadonlySet<string>;
  /** Levels of statements and expressions within it. */
  readonly depth: number;
}

export type Statement =
  | { readonly type: 'data'; readonly text: string }
  | { readonly type: 'output'; readonly value: Expression }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly test: Expression | null; readonly body: readonly Statement[] }[];
    }
  | {
      readonly type: 'for';
      readonly target: Target;
      readonly items: Expression;
      readonly test: Expression | null;
      readonly isRecursive: boolean;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
      readonly depth: number;
    }
  | { readonly type: 'break' | 'continue' }
  | { readonly type: 'set'; readonly target: Target; readonly value: Expression }
  | {
      readonly type: 'set-block';
      readonly target: Target;
      readonly filter: Expression | null;
      readonly body: readonly Statement[];
    }
  | {
      readonly type: 'with';
      readonly targets: readonly (readonly [Target, Expression])[];
      readonly body: readonly Statement[];
    }
  | { readonly type: 'macro'; readonly routine: Routine }
  | { readonly type: 'call'; readonly call: Expression & { readonly type: 'call' }; readonly routine: Routine }
  | { readonly type: 'filter'; readonly filter: Expression; readonly body: readonly Statement[] }
  /** A block of inheritance, which is rendered at its place. */
  | { readonly type: 'block'; readonly isScoped: boolean; readonly body: readonly Statement[]; readonly depth: number };
