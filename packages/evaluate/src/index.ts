// Public names of @llama-ts/evaluate.

export {
  type EvalEvent,
  type EvaluateTextOptions,
  type Evaluation,
  evaluateText,
  type GreedyComparison,
} from './eval/evaluate-text.js';
export { evalFigureNames, evalFigures } from './eval/figures.js';
export type { Divergence } from './eval/scores.js';
export type { Estimate } from './eval/statistics.js';
export type { TokenInContext } from './eval/worst-tokens.js';
export {
  type Bounds,
  checkBoundNames,
  checkBounds,
  describeCheck,
  type Figures,
  type GateCheck,
  verdictLine,
} from './gate.js';
export type { ReportEvaluation } from './report/eval-section.js';
export { type ReportOptions, renderReport } from './report/render-report.js';
export { parseEvaluation, parseVerifyResult } from './report/report-input.js';
export {
  boundsFor,
  checkRulesMatch,
  parseThresholds,
  readThresholds,
  type TensorRule,
  type Thresholds,
} from './thresholds.js';
export { type JUnitOptions, junitXml } from './verify/junit.js';
export { type VerifyEvent, type VerifyOptions, verifyFigures, verifyModel } from './verify/verify-model.js';
export type {
  Finding,
  ScaleBin,
  TensorErrors,
  TensorPosition,
  TensorVerdict,
  VerifyResult,
  WorstGroup,
} from './verify/verify-result.js';
export { verifyVerdict } from './verify/verify-verdict.js';
