// The progress of writing a .bin file.

/** Progress of writing a file. `count` is the number of tensors, `index` from 0 to `count` - 1; lengths are in bytes. */
export type WriteEvent =
  /** Comes first; `byteLength` is that of all tensors. */
  | { readonly type: 'write-start'; readonly count: number; readonly byteLength: number }
  | { readonly type: 'tensor-start'; readonly name: string; readonly index: number; readonly count: number }
  /** `byteLength` more bytes of all tensors are on their way to the disk. */
  | { readonly type: 'bytes-written'; readonly byteLength: number }
  | {
      readonly type: 'tensor-end';
      readonly name: string;
      readonly index: number;
      readonly count: number;
      /** Bytes written for it. */
      readonly byteLength: number;
      /** Largest |weight − value · scale|; null for a tensor stored in float32. */
      readonly maxError: number | null;
      /** Whether a killed run had written it, and its bytes were found right. */
      readonly isResumed: boolean;
    };
