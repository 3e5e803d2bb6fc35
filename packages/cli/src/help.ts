// The help screen: oclif's, with examples on the first page.

import { Help } from '@oclif/core';

const EXAMPLES = `$ llama run                                   tell a story with the bundled sample model
$ llama export --hf meta-llama/Llama-3.2-1B-Instruct
$ llama quantize Llama-3.2-1B-Instruct.bin
$ llama run Llama-3.2-1B-Instruct-q8_0.bin "Once upon a time" -n 128
$ llama chat Llama-3.2-1B-Instruct-q8_0.bin
$ llama inspect Llama-3.2-1B-Instruct-q8_0.bin`;

// oclif loads a help class by its default export.
// biome-ignore lint/style/noDefaultExport: demanded by oclif's helpClass
export default class LlamaHelp extends Help {
  override formatRoot(): string {
    return `${super.formatRoot()}\n\n${this.section('EXAMPLES', EXAMPLES)}`;
  }
}
