// Usage of the command that a plugin of oclif brings: it has no base class of ours that would check it.

import { checkUsage } from './check-usage.js';
import type { CommandShape } from './scan-arguments.js';

/** @see @oclif/plugin-autocomplete, commands/autocomplete/index.js */
const autocomplete: CommandShape = {
  id: 'autocomplete',
  args: { shell: { options: ['bash', 'zsh', 'powershell'] } },
  flags: { 'refresh-cache': { type: 'boolean', char: 'r' } },
};
/** Its subcommands, which the script of the shell calls. */
const subcommands = ['script', 'create'];

/** @throws ToolkitError `USAGE` */
export function checkPluginUsage([command, ...words]: readonly string[]): void {
  if (command !== autocomplete.id || subcommands.includes(words[0] ?? '')) return;
  if (words.some((word) => word === '--help' || word === '-h')) return;
  checkUsage(autocomplete, words);
}
