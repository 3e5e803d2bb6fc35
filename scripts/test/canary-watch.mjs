// Loaded into every Node process of a test run: looks for the run's canary token in all that is written to files and to
// standard output and error, and in what children print. Each find goes to the report, whose existence fails the run.
//
// LLAMA_TEST_CANARY is the token, LLAMA_TEST_CANARY_REPORT the report's path. Neither holds, where a test ends a process's
// environment: then the process that started it still sees its output.

import { Buffer } from 'node:buffer';
import { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { devNull } from 'node:os';

const { LLAMA_TEST_CANARY: canary, LLAMA_TEST_CANARY_REPORT: report } = process.env;
const appendFileSync = fs.appendFileSync;
let isReporting = false;

/** Looks into a string, bytes, or a list of those. */
function holdsCanary(value) {
  if (typeof value === 'string') return value.includes(canary);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(canary);
  return Array.isArray(value) && value.some(holdsCanary);
}

function look(where, values) {
  if (isReporting || !values.some(holdsCanary)) return;
  isReporting = true;
  const stack = new Error(where).stack.replaceAll(canary, '<canary>');
  appendFileSync(report, `${JSON.stringify({ where, process: process.argv.slice(1, 4), stack })}\n`);
  isReporting = false;
}

/** Has a method look at its arguments first: content, and the names of files. */
function watch(object, name, label = name) {
  const method = object[name];
  object[name] = function (...args) {
    look(label, args);
    return Reflect.apply(method, this, args);
  };
}

async function watchFiles() {
  for (const name of ['write', 'writev', 'writeFile', 'appendFile', 'mkdir', 'rename', 'symlink', 'open']) {
    watch(fs, name);
    if (`${name}Sync` in fs) watch(fs, `${name}Sync`);
    if (name in fsPromises) watch(fsPromises, name);
  }
  const handle = await fsPromises.open(devNull);
  const prototype = Object.getPrototypeOf(handle);
  for (const name of ['write', 'writev', 'writeFile', 'appendFile']) watch(prototype, name, `FileHandle.${name}`);
  await handle.close();
  syncBuiltinESMExports();
}

function watchOutput() {
  watch(process.stdout, 'write', 'standard output');
  watch(process.stderr, 'write', 'standard error');
  const { spawn } = ChildProcess.prototype;
  // What a process prints as it crashes passes by none of its own functions.
  ChildProcess.prototype.spawn = function (...args) {
    look('arguments of a process', [args[0]?.args ?? []]);
    const result = Reflect.apply(spawn, this, args);
    for (const stream of [this.stdout, this.stderr]) if (stream) watch(stream, 'push', 'output of a process');
    return result;
  };
}

if (canary && report) {
  watchOutput();
  await watchFiles();
}
