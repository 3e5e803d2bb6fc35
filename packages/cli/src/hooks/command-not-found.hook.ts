// Answers a mistyped command with the nearest one; never prompts, so that scripts do not hang.

import type { Hook } from '@oclif/core';
import { commandShapes } from '../usage/command-shapes.js';
import { unknownCommand } from '../usage/unknown-command.js';

const commandNotFound: Hook<'command_not_found'> = async ({ id, argv, config }) => {
  // oclif has put words together with colons; what was typed says what was meant.
  const typed = process.argv.slice(2);
  const words = id.startsWith(`${typed[0]}`) ? typed : [id, ...(argv ?? [])];
  throw unknownCommand(words, { ids: config.commandIDs, shapeOf: commandShapes(config) });
};

export default commandNotFound;
