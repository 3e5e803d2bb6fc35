// Public names of @llama-ts/evaluate.

export {
  type CompareModelsOptions,
  compareModels,
  groupsThatFit,
  type ModelComparison,
  onFront,
  type Placed,
} from './eval/compare-models.js';
export {
  type EvaluateTextOptions,
  type Evaluation,
  evaluateText,
  type GreedyComparison,
} from './eval/evaluate-text.js';
export { evalFigureNames, evalFigures } from './eval/figures.js';
export type { EvalEvent, TextOptions } from './eval/score-text.js';
export type { Divergence } from './eval/scores.js';
export type { Estimate } from './eval/statistics.js';
export { checkVocabularies, type RefuseTokenizer } from './eval/tokens.js';
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
export type { ReportComparison } from './report/compare-section.js';
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
export { type VerifyEvent, type VerifyOptions, verifyModel } from './verify/verify-model.js';
export {
  type Finding,
  isMeasured,
  type MeasuredTensor,
  type ScaleBin,
  type TensorErrors,
  type TensorPosition,
  type TensorVerdict,
  type VerifyResult,
  type WorstGroup,
} from './verify/verify-result.js';
export { verifyVerdict, withoutSubject } from './verify/verify-verdict.js';
