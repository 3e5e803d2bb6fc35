// Finds every suggestion that the sources can make, with the compiler's own parser, so that no list has to be kept up to date.

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The placeholder for text that only the running program knows. */
export interface Hole {
  /** The expression, as the source has it. */
  readonly expression: string;
  /** Whether a shell reads any value here as one word: a number, or a text that was quoted. */
  readonly isSafe: boolean;
}

/** A suggestion as the source has it: texts, and holes between them. */
export type Pattern = readonly (string | Hole)[];

/** One suggestion of one error. */
export interface Site {
  readonly file: string;
  readonly line: number;
  /** Code of the error; null where the source does not tell. */
  readonly code: string | null;
  /** The error's message, if the suggestion has no fixed words that identify it. */
  readonly message: Pattern | null;
  readonly pattern: Pattern;
}

/** The pattern with … for each hole. */
export function patternText(pattern: Pattern): string {
  return pattern.map((part) => (typeof part === 'string' ? part : '…')).join('');
}

/** Matches what the pattern can become. */
export function patternRegExp(pattern: Pattern): RegExp {
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`^${pattern.map((part) => (typeof part === 'string' ? literal(part) : '.*')).join('')}$`, 's');
}

/** A parameter whose value only the callers know. */
class Unbound extends Error {
  readonly declaration: ts.ParameterDeclaration;

  constructor(declaration: ts.ParameterDeclaration) {
    super(`parameter ${declaration.name.getText()}`);
    this.declaration = declaration;
  }
}

type Bindings = ReadonlyMap<ts.ParameterDeclaration, ts.Expression | null>;

/** Functions whose result a shell takes as one word. */
const quoting = /^(?:shellQuote|shellWord|commandLine|retyped|typed|helpOf|sameCommand|llama|quoted)$/;
/** Methods that give a text of the same words. */
const trimming = new Set(['trim', 'trimEnd', 'trimStart']);

let known: readonly Site[] | null = null;

/** Every suggestion in the sources of the packages; read once, as it takes seconds. */
export function extractSites(): readonly Site[] {
  known ??= readSites();
  return known;
}

function readSites(): Site[] {
  const program = createProgram();
  const checker = program.getTypeChecker();
  const sources = program.getSourceFiles().filter(({ fileName }) => /\/packages\/[\w-]+\/src\//.test(fileName));
  const calls = new Map<string, (ts.CallExpression | ts.NewExpression)[]>();
  const properties = new Map<string, ts.Expression[]>();
  const found: { object: ts.ObjectLiteralExpression; property: ts.ObjectLiteralElementLike }[] = [];
  for (const source of sources) visit(source);
  return found.flatMap(({ object, property }) => sitesOf(object, property));

  function visit(node: ts.Node): void {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) add(calls, calleeName(node), node);
    if (ts.isPropertyAssignment(node)) add(properties, packageOf(node) + node.name.getText(), node.initializer);
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      if (node.name.getText() === 'suggestions') found.push({ object: node.parent, property: node });
    }
    ts.forEachChild(node, visit);
  }

  function sitesOf(object: ts.ObjectLiteralExpression, property: ts.ObjectLiteralElementLike): Site[] {
    const source = object.getSourceFile();
    const file = relative(root, source.fileName);
    const line = source.getLineAndCharacterOfPosition(property.getStart()).line + 1;
    return withCallers(new Map(), 0, (bindings) => {
      const patterns = ts.isPropertyAssignment(property)
        ? listed(property.initializer, bindings)
        : ofSymbol(checker.getShorthandAssignmentValueSymbol(property), property, (e) => listed(e, bindings), bindings);
      if (patterns.length === 0) return [];
      const codes = codesOf(object, bindings);
      return patterns.flatMap((pattern) => {
        const messages = isVague(pattern) ? messagesOf(object, bindings) : [null];
        return codes.flatMap((code) => messages.map((message): Site => ({ file, line, code, message, pattern })));
      });
    });
  }

  function messagesOf(object: ts.ObjectLiteralExpression, bindings: Bindings): Pattern[] {
    const message = ts.isNewExpression(object.parent)
      ? object.parent.arguments?.[1]
      : object.properties.find((property) => property.name?.getText() === 'message');
    if (message !== undefined && ts.isShorthandPropertyAssignment(message)) {
      const symbol = checker.getShorthandAssignmentValueSymbol(message);
      return ofSymbol(symbol, message, (value) => texts(value, bindings), bindings);
    }
    const value = message !== undefined && ts.isPropertyAssignment(message) ? message.initializer : message;
    return value === undefined || !ts.isExpression(value) ? [[]] : texts(value, bindings);
  }

  /** Evaluates; where a parameter decides, once for each caller. */
  function withCallers(bindings: Bindings, depth: number, evaluate: (bindings: Bindings) => Site[]): Site[] {
    try {
      return evaluate(bindings);
    } catch (error) {
      if (!(error instanceof Unbound) || depth > 5) throw error;
      const { declaration } = error;
      const callee = declaration.parent;
      const callers = callersOf(callee);
      if (callers.length === 0)
        throw new Error(`${at(declaration)}: no caller found for ${declaration.name.getText()}`);
      return callers.flatMap((call) => {
        const bound = new Map(bindings);
        for (const [i, parameter] of callee.parameters.entries()) {
          bound.set(parameter, call.arguments?.[i] ?? parameter.initializer ?? null);
        }
        return withCallers(bound, depth + 1, evaluate);
      });
    }
  }

  function callersOf(callee: ts.SignatureDeclaration): (ts.CallExpression | ts.NewExpression)[] {
    const name =
      callee.name ??
      (ts.isVariableDeclaration(callee.parent) || ts.isPropertyAssignment(callee.parent) ? callee.parent.name : null);
    const symbol = name === null ? undefined : checker.getSymbolAtLocation(name);
    if (name === null || symbol === undefined) return [];
    return (calls.get(name.getText()) ?? []).filter((call) => symbolOf(calleeExpression(call)) === symbol);
  }

  function codesOf(object: ts.ObjectLiteralExpression, bindings: Bindings): (string | null)[] {
    const parent = ts.isNewExpression(object.parent) ? object.parent : null;
    const sibling = object.properties.find((property) => property.name?.getText() === 'code');
    const expression =
      parent !== null && /Error$/.test(calleeName(parent))
        ? parent.arguments?.[0]
        : sibling !== undefined && ts.isPropertyAssignment(sibling)
          ? sibling.initializer
          : undefined;
    if (expression === undefined) return [null];
    return texts(expression, bindings).map((pattern) =>
      pattern.every((part) => typeof part === 'string') ? pattern.join('') : null,
    );
  }

  /** The items that a list of suggestions can have. */
  function listed(expression: ts.Expression, bindings: Bindings): Pattern[] {
    const node = bare(expression);
    if (ts.isArrayLiteralExpression(node)) {
      return node.elements.flatMap((item) =>
        ts.isSpreadElement(item) ? listed(item.expression, bindings) : texts(item, bindings),
      );
    }
    const branches = branchesOf(node);
    if (branches !== null) return branches.flatMap((branch) => listed(branch, bindings));
    if (ts.isIdentifier(node)) return ofSymbol(symbolOf(node), node, (value) => listed(value, bindings), bindings);
    if (isPassedOn(node)) return [];
    if (ts.isNewExpression(node) && calleeName(node) === 'Set') return [];
    if (ts.isCallExpression(node)) {
      const { expression: callee } = node;
      if (ts.isPropertyAccessExpression(callee) && callee.name.text === 'map') {
        if (isPassedOn(callee.expression)) return [];
        const [each] = node.arguments;
        if (each !== undefined && ts.isArrowFunction(each) && !ts.isBlock(each.body)) {
          const bound = new Map(bindings);
          for (const parameter of each.parameters) bound.set(parameter, parameter.name as ts.Identifier);
          return texts(each.body, bound);
        }
      }
      if (ts.isPropertyAccessExpression(callee) && callee.name.text === 'filter')
        return listed(callee.expression, bindings);
      const results = resultsOf(node, bindings);
      if (results !== null) return results.flatMap(({ value, bound }) => listed(value, bound));
    }
    throw new Error(`${at(node)}: suggestions that cannot be told from the source: ${node.getText()}`);
  }

  /** The texts that an expression can become; a hole alone where the source does not tell. */
  function texts(expression: ts.Expression, bindings: Bindings): Pattern[] {
    const node = bare(expression);
    if (ts.isStringLiteralLike(node)) return [[node.text]];
    if (ts.isTemplateExpression(node)) {
      let results: Pattern[] = [[node.head.text]];
      for (const span of node.templateSpans) {
        const fillings = filling(span.expression, bindings);
        results = results.flatMap((before) => fillings.map((text) => [...before, ...text, span.literal.text]));
      }
      return results.map(merged);
    }
    const branches = branchesOf(node);
    if (branches !== null) return branches.flatMap((branch) => texts(branch, bindings));
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      const right = filling(node.right, bindings);
      return filling(node.left, bindings).flatMap((left) => right.map((text) => merged([...left, ...text])));
    }
    if (node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === 'undefined')) return [];
    if (ts.isIdentifier(node)) {
      const declaration = symbolOf(node)?.declarations?.[0];
      if (declaration !== undefined && ts.isParameter(declaration) && bindings.get(declaration) === declaration.name)
        return [[hole(node)]];
      return ofSymbol(symbolOf(node), node, (value) => texts(value, bindings), bindings);
    }
    if (ts.isPropertyAccessExpression(node)) {
      const assigned = properties.get(packageOf(node) + node.name.text) ?? [];
      if (/^(?:suggestion|remedy|hint)$/.test(node.name.text))
        return assigned.flatMap((value) => texts(value, bindings));
    }
    if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const table = ofSymbol(symbolOf(node.expression), node, (value) => valuesOf(value, bindings), bindings);
      if (table.length > 0) return table;
    }
    if (ts.isCallExpression(node)) {
      const { expression: callee } = node;
      if (ts.isPropertyAccessExpression(callee) && trimming.has(callee.name.text))
        return texts(callee.expression, bindings);
      if (ts.isPropertyAccessExpression(callee) && callee.name.text === 'get' && ts.isIdentifier(callee.expression)) {
        const table = ofSymbol(symbolOf(callee.expression), node, (value) => valuesOf(value, bindings), bindings);
        if (table.length > 0) return table;
      }
      const results = quoting.test(calleeName(node)) ? null : resultsOf(node, bindings);
      const isText = results?.every(({ value }) => isTelling(value));
      if (isText === true) return results!.flatMap(({ value, bound }) => texts(value, bound));
    }
    return [[hole(node)]];
  }

  /** What fills a template: known texts where it is a constant or a choice, else a hole. */
  function filling(expression: ts.Expression, bindings: Bindings): Pattern[] {
    const node = bare(expression);
    if (isOptional(node)) return [[{ expression: node.getText(), isSafe: true }]];
    if (!isTelling(node)) return [[hole(node)]];
    try {
      return texts(node, bindings);
    } catch (error) {
      if (error instanceof Unbound) return [[hole(node)]];
      throw error;
    }
  }

  function isTelling(node: ts.Expression): boolean {
    const inner = bare(node);
    if (ts.isStringLiteralLike(inner) || ts.isTemplateExpression(inner) || branchesOf(inner) !== null) return true;
    if (inner.kind === ts.SyntaxKind.NullKeyword) return true;
    if (ts.isBinaryExpression(inner))
      return inner.operatorToken.kind === ts.SyntaxKind.PlusToken && isTelling(inner.left);
    if (ts.isCallExpression(inner) && !quoting.test(calleeName(inner))) {
      return resultsOf(inner, new Map())?.every(({ value }) => isTelling(value)) ?? false;
    }
    if (!ts.isIdentifier(inner)) return false;
    const declaration = symbolOf(inner)?.declarations?.[0];
    if (declaration === undefined) return inner.text === 'undefined';
    return (
      ts.isVariableDeclaration(declaration) &&
      declaration.initializer !== undefined &&
      isTelling(declaration.initializer)
    );
  }

  /** The initializers of a table of texts: an object, or a Map of pairs. */
  function valuesOf(expression: ts.Expression, bindings: Bindings): Pattern[] {
    const node = bare(expression);
    if (ts.isObjectLiteralExpression(node)) {
      return node.properties.flatMap((item) =>
        ts.isPropertyAssignment(item) ? texts(item.initializer, bindings) : [],
      );
    }
    const pairs = ts.isNewExpression(node) && calleeName(node) === 'Map' ? node.arguments?.[0] : undefined;
    if (pairs === undefined || !ts.isArrayLiteralExpression(pairs)) return [];
    return pairs.elements.flatMap((pair) =>
      ts.isArrayLiteralExpression(pair) && pair.elements[1] !== undefined ? texts(pair.elements[1], bindings) : [],
    );
  }

  /** What a variable or a parameter holds. */
  function ofSymbol(
    symbol: ts.Symbol | undefined,
    node: ts.Node,
    evaluate: (value: ts.Expression) => Pattern[],
    bindings: Bindings,
  ): Pattern[] {
    const declaration = symbol?.declarations?.[0];
    if (declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined) {
      return evaluate(declaration.initializer);
    }
    if (declaration !== undefined && ts.isParameter(declaration)) {
      const bound = bindings.get(declaration);
      if (bound === undefined) throw new Unbound(declaration);
      return bound === null ? [] : evaluate(bound);
    }
    if (declaration !== undefined && ts.isBindingElement(declaration)) return []; // passed on from another error
    throw new Error(`${at(node)}: ${node.getText()} cannot be told from the source`);
  }

  /** What a function of the sources can return, with its parameters bound to the arguments; null for any other. */
  function resultsOf(call: ts.CallExpression, bindings: Bindings): { value: ts.Expression; bound: Bindings }[] | null {
    const callee = calleeExpression(call);
    const functions = [functionOf(callee)];
    // A function in a table: whichever of them it may be.
    if (functions[0] === null && ts.isPropertyAccessExpression(call.expression)) {
      const assigned = properties.get(packageOf(call) + callee.getText()) ?? [];
      functions.splice(0, 1, ...assigned.map(functionOf));
    }
    const results = functions.map((found) => (found === null ? null : returnsOf(found, call, bindings)));
    return results.length === 0 || results.includes(null) ? null : results.flatMap((found) => found!);
  }

  function functionOf(node: ts.Node): ts.FunctionLikeDeclaration | null {
    if (ts.isArrowFunction(node)) return node;
    const isSource = (found: ts.Declaration): boolean =>
      /\/packages\/[\w-]+\/src\//.test(found.getSourceFile().fileName);
    const declaration = symbolOf(node)?.declarations?.find(isSource);
    if (declaration === undefined) return null;
    if (ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined) {
      return ts.isArrowFunction(declaration.initializer) ? declaration.initializer : null;
    }
    return ts.isFunctionDeclaration(declaration) || ts.isMethodDeclaration(declaration) ? declaration : null;
  }

  function returnsOf(declaration: ts.FunctionLikeDeclaration, call: ts.CallExpression, bindings: Bindings) {
    if (declaration.body === undefined) return null;
    const bound = new Map(bindings);
    for (const [i, parameter] of declaration.parameters.entries()) {
      bound.set(parameter, call.arguments[i] ?? parameter.initializer ?? null);
    }
    if (!ts.isBlock(declaration.body)) return [{ value: declaration.body, bound }];
    const results: { value: ts.Expression; bound: Bindings }[] = [];
    const collect = (node: ts.Node): void => {
      if (ts.isFunctionLike(node)) return;
      if (ts.isReturnStatement(node) && node.expression !== undefined) results.push({ value: node.expression, bound });
      ts.forEachChild(node, collect);
    };
    ts.forEachChild(declaration.body, collect);
    return results;
  }

  /** Suggestions of another error, which has a site of its own. */
  function isPassedOn(node: ts.Expression): boolean {
    if (ts.isPropertyAccessExpression(node)) return node.name.text === 'suggestions';
    const declaration = ts.isIdentifier(node) ? symbolOf(node)?.declarations?.[0] : undefined;
    return declaration !== undefined && ts.isBindingElement(declaration);
  }

  function symbolOf(node: ts.Node): ts.Symbol | undefined {
    const symbol = checker.getSymbolAtLocation(node);
    return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0
      ? checker.getAliasedSymbol(symbol)
      : symbol;
  }

  function hole(node: ts.Expression): Hole {
    const type = checker.getTypeAtLocation(node);
    const isNumber = (type.flags & ts.TypeFlags.NumberLike) !== 0;
    const words = type.isUnion() ? type.types : [type];
    const isPlain = words.every((word) => word.isStringLiteral() && /^[\w-]+$/.test(word.value));
    const declaration = ts.isIdentifier(node) ? symbolOf(node)?.declarations?.[0] : undefined;
    const isVariable = declaration !== undefined && ts.isVariableDeclaration(declaration);
    const value = isVariable ? (declaration.initializer ?? node) : node;
    const isQuoted = ts.isCallExpression(value) && quoting.test(calleeName(value));
    const text = node.getText();
    const isSafe = isNumber || isPlain || isQuoted || /\.map\(shell(?:Quote|Word)\)\.join\(' '\)$/.test(text);
    return { expression: text, isSafe };
  }
}

/** The expression within brackets, `as`, `satisfies`, `!` and `await`. */
function bare(node: ts.Expression): ts.Expression {
  let inner = node;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isNonNullExpression(inner) ||
    ts.isAwaitExpression(inner)
  ) {
    inner = inner.expression;
  }
  return inner;
}

function createProgram(): ts.Program {
  const files = ts.sys.readDirectory(
    `${root}packages`,
    ['.ts'],
    ['**/node_modules', '**/dist', '**/*.d.ts'],
    ['*/src/**/*'],
  );
  return ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    baseUrl: root,
    paths: { '@llama-ts/*': ['packages/*/src/index.ts'] },
  });
}

/** The alternatives of a condition; null for another expression. */
function branchesOf(node: ts.Expression): ts.Expression[] | null {
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse];
  if (!ts.isBinaryExpression(node)) return null;
  const { kind } = node.operatorToken;
  const isChoice = kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;
  return isChoice ? [node.left, node.right] : null;
}

/** A text or nothing: its presence makes no other suggestion. */
function isOptional(node: ts.Expression): boolean {
  const isEmpty = (branch: ts.Expression): boolean => ts.isStringLiteralLike(branch) && branch.text === '';
  return branchesOf(node)?.some(isEmpty) ?? false;
}

/** Whether the source has no words of it. */
function isVague(pattern: Pattern): boolean {
  return !/[A-Za-z]{2}/.test(pattern.filter((part) => typeof part === 'string').join(''));
}

function merged(parts: Pattern): Pattern {
  const result: (string | Hole)[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
    else result.push(part);
  }
  return result;
}

function calleeExpression(call: ts.CallExpression | ts.NewExpression): ts.Node {
  const callee = bare(call.expression);
  return ts.isPropertyAccessExpression(callee) ? callee.name : callee;
}

function calleeName(call: ts.CallExpression | ts.NewExpression): string {
  return calleeExpression(call).getText();
}

function packageOf(node: ts.Node): string {
  return `${/\/packages\/([\w-]+)\/src\//.exec(node.getSourceFile().fileName)?.[1]}:`;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function at(node: ts.Node): string {
  const source = node.getSourceFile();
  return `${relative(root, source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
