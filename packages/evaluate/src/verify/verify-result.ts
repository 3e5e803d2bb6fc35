// The result of a verification: plain data, the shape of `llama verify --json` (schemas/verify-result.schema.json).

import type { ModelSource } from '@llama-ts/exporter';
import type { EncodingId } from '@llama-ts/format';
import type { GateCheck } from '../gate.js';

/** A place in a tensor. */
export interface TensorPosition {
  /** Row, counted from 0. */
  readonly row: number;
  /** Column, counted from 0. */
  readonly column: number;
  /** Index of the group in its tensor, counted from 0; null in float32. */
  readonly group: number | null;
}

/** Something that is wrong. */
export interface Finding {
  /** `length`: the file is cut, or longer than its header says. */
  readonly part: 'header' | 'trailer' | 'length' | 'tensor';
  /** Name of the tensor; null for other parts. */
  readonly tensor: string | null;
  /** docs/verify.md lists them. */
  readonly code: string;
  readonly message: string;
  /** The first wrong place, if it is known. */
  readonly position: TensorPosition | null;
}

/** The group with the largest error. */
export interface WorstGroup {
  /** Index of the group in its tensor, counted from 0. */
  readonly group: number;
  /** Row of the group, counted from 0. */
  readonly row: number;
  /** First column of the group. */
  readonly column: number;
  /** Scale of the group. */
  readonly scale: number;
  /** Largest |weight − stored| in the group. */
  readonly maxError: number;
}

/** The stored weights' distance from the source's. */
export interface TensorErrors {
  /** Largest |weight − stored|. */
  readonly maxError: number;
  /** Root of the mean of (weight − stored)². */
  readonly rmse: number;
  /** 10 log10(Σ weight² / Σ error²); Infinity without any error, which JSON shows as null. */
  readonly snr: number;
  /** Cosine of the angle between weights and stored weights; 1 without any error. */
  readonly cosine: number;
  /** Share of groups, 0 to 1, with an error beyond half a step of their scale and one unit in the weight's last place. */
  readonly beyond: number;
  /** null in float32. */
  readonly worstGroup: WorstGroup | null;
}

/** Counts of scales that lie from `from` up to the next quarter of an octave; `from` 0 counts the zeros. */
export interface ScaleBin {
  /** Lower end of the bin; 0 for the zeros. */
  readonly from: number;
  /** Scales in the bin. */
  readonly count: number;
}

/** One tensor. */
export interface TensorVerdict {
  readonly name: string;
  /** null for tensors outside the layers. */
  readonly layer: number | null;
  readonly dtype: EncodingId;
  readonly shape: readonly number[];
  /** Bytes that the tensor takes in the file. */
  readonly byteLength: number;
  /** Whether the tensor has the sha256 that the trailer states; null without a trailer. */
  readonly checksumMatches: boolean | null;
  /** Whether the tensor has the bytes that an export of the source would write; null without a source. */
  readonly equalsExport: boolean | null;
  /** Whether dequantizing and quantizing again gives the same bytes; null in float32. */
  readonly survivesRoundTrip: boolean | null;
  /** null without a source, and for the tables of v0, which no source holds. */
  readonly errors: TensorErrors | null;
  /** Ascending; empty in float32. */
  readonly scales: readonly ScaleBin[];
}

/** A quantized tensor whose errors are known. */
export interface MeasuredTensor extends TensorVerdict {
  readonly errors: TensorErrors;
}

/** Whether a tensor is quantized, and was compared with its source. */
export function isMeasured(tensor: TensorVerdict): tensor is MeasuredTensor {
  return tensor.errors !== null && tensor.dtype !== 'F32';
}

/** A verification. */
export interface VerifyResult {
  readonly model: {
    readonly path: string;
    /** Size of the file in bytes. */
    readonly byteLength: number;
    /** null where header or trailer are damaged, and no tensor could be looked at. */
    readonly version: number | null;
    /** Weights that share a scale; null in float32, or where `version` is. */
    readonly groupSize: number | null;
    /** Weights in all, shared ones once; null where `version` is. */
    readonly nParameters: number | null;
    readonly hasChecksums: boolean | null;
  };
  /** null without a source. */
  readonly against: { readonly name: string; readonly kind: ModelSource['kind'] } | null;
  readonly findings: readonly Finding[];
  readonly tensors: readonly TensorVerdict[];
  /** Errors of all quantized tensors together, each value counted once; null without a source, and in v0 and v1. */
  readonly overall: Omit<TensorErrors, 'worstGroup'> | null;
  readonly checks: readonly GateCheck[];
  /** Nothing found, and every bound kept. */
  readonly passed: boolean;
}
