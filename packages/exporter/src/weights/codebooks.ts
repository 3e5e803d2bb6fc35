// The codebooks of 4-bit weights that GGUF defines.

export { iq4NlValues as iq4NlCodebook, q4_0Values as q4_0Codebook } from '@llama-ts/gguf';
