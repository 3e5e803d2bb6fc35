// Turns a v0 or v1 .bin, or a GGUF file, into the v2 or v3 file that exporting its checkpoint would have given, byte for byte.

import { withChatTemplate } from './convert/with-chat-template.js';
import { type ExportEvent, type ExportOptions, type ExportResult, exportModel } from './export-model.js';
import { openBinSource } from './source/bin-source.js';
import { isGguf, openGgufSource } from './source/gguf-source.js';

/** Options of {@link quantizeModel}. */
export interface QuantizeOptions extends Omit<ExportOptions, 'source' | 'version' | 'tokenizerBin'> {
  /** Path of a v0 or v1 file, or of a GGUF file. */
  readonly input: string;
  /** Version of the file. Default 2. */
  readonly version?: 2 | 3;
  /** Jinja source that takes the place of the file's chat templates. */
  readonly chatTemplate?: string | undefined;
}

/**
 * Quantizes a file. Checksums are compared where the input states them; the trailer is carried over with new ones.
 *
 * @throws ToolkitError `ALREADY_QUANTIZED`, and what opening the input and exportModel throw
 */
export async function* quantizeModel({
  input,
  version = 2,
  chatTemplate,
  ...options
}: QuantizeOptions): AsyncGenerator<ExportEvent, ExportResult> {
  const open = (await isGguf(input)) ? openGgufSource : openBinSource;
  const source = await open(input, { signal: options.signal });
  try {
    return yield* exportModel({ ...options, source: withChatTemplate(source, chatTemplate), version });
  } finally {
    await source.close();
  }
}
