// llama autocomplete: what to type once, so that the shell completes commands and flags with Tab.
//
// The scripts are those of @oclif/plugin-autocomplete, whose hidden commands `autocomplete create` and `autocomplete script`
// write and print them.

import { ToolkitError } from '@llama-ts/base';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { wrapWords } from '../terminal/wrap-words.js';

const shells = ['bash', 'zsh', 'powershell'] as const;
type Shell = (typeof shells)[number];

/** What to type, and what to know about it. */
interface Setup {
  readonly name: string;
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}

const setups: Readonly<Record<Shell, Setup>> = {
  bash: {
    name: 'bash',
    commands: ['printf "$(llama autocomplete script bash)" >> ~/.bashrc'],
    notes: ['A terminal that starts a login shell, as on macOS, reads ~/.bash_profile instead of ~/.bashrc.'],
  },
  zsh: {
    name: 'zsh',
    commands: ['printf "$(llama autocomplete script zsh)" >> ~/.zshrc'],
    notes: [],
  },
  powershell: {
    name: 'PowerShell',
    commands: [
      'New-Item -Type Directory -Force (Split-Path -Parent $PROFILE)',
      'Add-Content -Path $PROFILE -Value (llama autocomplete script powershell)',
    ],
    notes: ['To see all completions in a menu, add: Set-PSReadlineKeyHandler -Key Tab -Function MenuComplete'],
  },
};

export default class Autocomplete extends BaseCommand {
  static override description = 'Say how to complete commands with Tab in bash, zsh or PowerShell';
  static override examples = ['<%= config.bin %> autocomplete', '<%= config.bin %> autocomplete zsh'];
  static override args = {
    shell: Args.string({ description: 'the shell; default: the one that runs', options: shells, ignoreStdin: true }),
  };
  static override flags = {
    'refresh-cache': Flags.boolean({
      char: 'r',
      description: 'only write the lists of commands and flags again, after an update',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Autocomplete);
    const shell = args.shell ?? this.config.shell;
    if (!isShell(shell)) {
      throw new ToolkitError('USAGE', `${shell}: has no completion, expected bash, zsh or powershell`, {
        suggestions: shells.map((one) => `llama autocomplete ${one}`),
      });
    }
    await this.config.runCommand('autocomplete:create');
    if (!flags['refresh-cache']) for (const line of setupLines(setups[shell], this.columns)) this.log(line);
  }
}

function isShell(name: string): name is Shell {
  return shells.some((shell) => shell === name);
}

/** Commands are not wrapped, so that they can be copied. */
function setupLines({ name, commands, notes }: Setup, columns: number): string[] {
  const words = (text: string): string => wrapWords(text, columns);
  return [
    words(`To complete commands and flags of llama with Tab in ${name}, type this once:`),
    '',
    ...commands.map((command) => `  ${command}`),
    '',
    words('Then open a new terminal. "llama " and Tab show the commands, "llama run --" and Tab the flags of run.'),
    ...notes.map(words),
  ];
}
