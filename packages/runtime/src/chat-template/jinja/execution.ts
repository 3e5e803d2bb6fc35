// The form that statements are compiled to.

import type { Output } from './output.js';
import type { Scope } from './scope.js';

/** How a statement ended: undefined for at its end. */
export type Ending = 'break' | 'continue' | undefined;

/** Runs a statement and adds what it renders to an output. */
export type Execute = (scope: Scope, output: Output) => Ending;
