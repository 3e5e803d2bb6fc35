// Shapes of all commands, from oclif's list of them, for words that were meant for another command.

import type { Interfaces } from '@oclif/core';
import type { ShapeOf } from './mend-words.js';
import type { ArgumentShape, FlagShape } from './scan-arguments.js';

export function commandShapes(config: Pick<Interfaces.Config, 'findCommand'>): ShapeOf {
  return (id) => {
    const command = config.findCommand(id.replaceAll(' ', ':'));
    if (command === undefined) return undefined;
    return {
      id,
      flags: command.flags as Record<string, FlagShape>,
      args: command.args as Record<string, ArgumentShape>,
      endsWithText: command.endsWithText === true,
      takesMore: command.strict === false,
    };
  };
}
