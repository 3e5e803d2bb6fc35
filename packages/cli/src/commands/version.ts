// llama version: which version this is, and what it runs on.

import { BaseCommand } from '../base-command.js';

/** Output of `--json`. */
interface VersionReport {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
}

export default class Version extends BaseCommand {
  static override description = 'Show the version; so do -V and --version';
  static override examples = ['<%= config.bin %> version', '<%= config.bin %> --version'];
  static override enableJsonFlag = true;

  override async run(): Promise<VersionReport> {
    await this.parse(Version);
    const { version } = this.config;
    const node = process.versions.node;
    const platform = `${process.platform}-${process.arch}`;
    this.log(`llama ${version} (${this.config.name}, Node ${node}, ${platform})`);
    return { version, node, platform };
  }
}
