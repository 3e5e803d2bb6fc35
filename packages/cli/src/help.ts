// The help screen: oclif's, with examples on the first page.

import { Help } from '@oclif/core';

const EXAMPLES = `$ llama run                           a story by the bundled sample model
$ llama chat
$ llama export                        the bundled sample model as sample-model.bin
$ llama export --hf ./Llama-3.2-1B-Instruct
$ llama quantize sample-model.bin     to sample-model-q8_0.bin
$ llama inspect sample-model-q8_0.bin
$ llama run model.bin "Once upon a time" -n 64
$ llama doctor                        which kernels run on this machine`;

// oclif loads a help class by its default export.
// biome-ignore lint/style/noDefaultExport: demanded by oclif's helpClass
export default class LlamaHelp extends Help {
  override formatRoot(): string {
    return `${super.formatRoot()}\n\n${this.section('EXAMPLES', EXAMPLES)}`;
  }
}
