// Verification, evaluation and the report with the wrong files.

import type { Scenario } from '../scenario.js';
import type { Situation } from '../situation.js';

const bounds = '{"verify": {"*": {"min-snr": 1}}}';

async function reportWorks(s: Situation, flags: string): Promise<void> {
  const { exitCode, stderr } = await s.run(`llama report out.html ${flags}`);
  if (exitCode !== 0) throw new Error(stderr);
}

export const evaluateScenarios: readonly Scenario[] = [
  {
    title: 'a file for the report that verify did not print',
    code: 'BAD_REPORT',
    prepare: async (s) => {
      await s.take('model.bin');
      await s.write('the check.json', '{"model": 1}');
    },
    command: "llama report out.html --verify 'the check.json'",
    fill: { 'MODEL.bin': 'model.bin' },
    checks: [[/^make one/, (s) => reportWorks(s, '--verify verify.json')]],
  },
  {
    title: 'a file for the report that eval did not print',
    code: 'BAD_REPORT',
    prepare: async (s) => {
      await s.take('model.bin');
      await s.write('story.txt', 'Once upon a time, there was a fox.');
      await s.write('eval.json', 'perplexity 3');
    },
    command: 'llama report out.html --eval eval.json',
    fill: { 'MODEL.bin': 'model.bin', 'TEXT.txt': 'story.txt' },
    checks: [[/^make one/, (s) => reportWorks(s, '--eval new-eval.json')]],
  },
  {
    title: 'thresholds that are no JSON',
    code: 'BAD_THRESHOLDS',
    prepare: async (s) => {
      for (const name of ['model.bin', 'v2.bin']) await s.take(name);
      await s.write('bounds.json', 'min-snr: 35');
    },
    command: 'llama verify v2.bin --against model.bin --thresholds bounds.json',
    acts: [
      [
        /^compare with one that works/,
        () => ({ command: 'llama verify v2.bin --against model.bin --thresholds example.json' }),
      ],
    ],
  },
  {
    title: 'bounds without a source to measure against',
    code: 'INVALID_ARGUMENT',
    prepare: async (s) => {
      for (const name of ['v2.bin', 'checkpoint']) await s.take(name);
      await s.write('bounds.json', bounds);
    },
    command: 'llama verify v2.bin --thresholds bounds.json',
    fill: { REPO_OR_DIR_OR_BIN: 'checkpoint' },
  },
  {
    title: 'a text to evaluate on with a model that has no tokenizer',
    code: 'NO_TOKENIZER',
    prepare: async (s) => {
      for (const name of ['plain.bin', 'tokenizer.bin']) await s.take(name);
      await s.write('story.txt', 'Once upon a time, there was a fox.');
    },
    command: 'llama eval plain.bin --text story.txt --rope-theta 500000 --rope-scaling none',
    fill: { 'TOKENIZER.bin': 'tokenizer.bin' },
  },
  {
    title: 'a baseline of another vocabulary',
    code: 'DIFFERENT_TOKENIZERS',
    prepare: async (s) => {
      for (const name of ['model.bin', 'v2.bin', 'other.bin']) await s.take(name);
      await s.write('story.txt', 'Once upon a time, there was a fox.');
    },
    command: 'llama eval v2.bin --text story.txt --baseline other.bin',
    fill: { 'BASELINE.bin': 'model.bin' },
  },
  {
    title: 'a comparison with a file of another model',
    code: 'DIFFERENT_TOKENIZERS',
    prepare: async (s) => {
      for (const name of ['model.bin', 'v2.bin', 'other.bin']) await s.take(name);
      await s.write('story.txt', 'Once upon a time, there was a fox.');
    },
    command: 'llama compare model.bin other.bin v2.bin --text story.txt --no-speed',
  },
  {
    title: 'a comparison of files of two models',
    code: 'DIFFERENT_TOKENIZERS',
    prepare: async (s) => {
      for (const name of ['model.bin', 'other.bin']) await s.take(name);
      await s.write('story.txt', 'Once upon a time, there was a fox.');
    },
    command: 'llama compare model.bin other.bin --text story.txt --no-speed',
  },
  {
    title: 'a comparison of one file',
    code: 'USAGE',
    prepare: async (s) => {
      await s.take('model.bin');
      await s.write('story.txt', 'Once upon a time, there was a fox.');
    },
    command: 'llama compare model.bin --text story.txt',
  },
];
