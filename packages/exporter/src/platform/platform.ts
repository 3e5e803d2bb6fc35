// What the exporter asks of the machine it runs on: node.ts answers for Node, browser.ts for browsers.

import type { DurableFile, DurableFileOptions } from '@llama-ts/durable';

/** Options of {@link Platform.createOutput}. */
export interface OutputOptions extends Omit<DurableFileOptions, 'resumeKey'> {
  /**
   * JSON data in a fixed order that the file's bytes follow from: what a killed run of the same left is continued, where the platform
   * keeps it.
   */
  readonly follows?: Readonly<Record<string, unknown>> | undefined;
}

/** Functions that differ between Node and a browser. */
export interface Platform {
  /**
   * Creates a file that appears at its path when it is whole. In a browser the path is one of the origin's private file system, and the
   * thread that of a dedicated worker.
   *
   * @throws ToolkitError `OUTPUT_EXISTS`, `OUTPUT_BUSY`, `DISK_FULL` and others of `@llama-ts/durable`
   */
  createOutput(path: string, options: OutputOptions): Promise<DurableFile>;
}
