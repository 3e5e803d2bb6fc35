// Public names of @llama-ts/runtime.

export { type ChatMessage, type ChatOptions, encodeChat, renderChat } from './chat-template/chat-template.js';
export { splitLlama3 } from './tokenizer/split-llama3.js';
export type { StreamDecoder } from './tokenizer/stream-decoder.js';
export { createTokenizer, type DecodeOptions, type EncodeOptions, type Tokenizer } from './tokenizer/tokenizer.js';
