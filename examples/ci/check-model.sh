#!/bin/sh
# Export a model, quantize it, and stop the build when quantization cost more than thresholds.json allows.
#
#   examples/ci/check-model.sh [REPO_OR_FOLDER TEXT]     without arguments: the bundled sample model
#
# Leaves model files and reports in OUT (default: model-check). LLAMA names the command (default: npx llama).
# Exit status: 0 when both gates pass, 3 when one fails, another one when something went wrong (docs/errors.md).
set -eu

case "$#:${1:-}" in
  0: | 2:[!-]*) ;;
  *)
    {
      echo "usage: $0 [REPO_OR_FOLDER TEXT]     without arguments: the bundled sample model"
      echo "TEXT is the file of a text that the model is measured on."
    } >&2
    exit 2
    ;;
esac

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
llama=${LLAMA:-npx llama}
out=${OUT:-model-check}
mkdir -p "$out"

if [ $# = 2 ]; then set -- "$2" --hf "$1"; else set -- ''; fi
text=$1
shift

# LLAMA may be several words.
# shellcheck disable=SC2086
$llama export "$out/model.bin" --version 1 --force "$@"
# shellcheck disable=SC2086
$llama quantize "$out/model.bin" "$out/model-q8_0.bin" --force

# Both gates run even when the first fails: one build shows everything.
status=0
# shellcheck disable=SC2086
$llama verify "$out/model-q8_0.bin" --against "$out/model.bin" --thresholds "$here/thresholds.json" \
  --junit "$out/verify.xml" --json > "$out/verify.json" || status=$?

set --
if [ -n "$text" ]; then set -- --text "$text"; fi
# shellcheck disable=SC2086
$llama eval "$out/model-q8_0.bin" --baseline "$out/model.bin" --thresholds "$here/thresholds.json" "$@" \
  --json > "$out/eval.json" || status=$?

# One page for people; a command above that broke off has left no result to show.
page=0
# shellcheck disable=SC2086
$llama report "$out/report.html" --verify "$out/verify.json" --eval "$out/eval.json" --force || page=$?
if [ "$status" = 0 ]; then status=$page; fi

if [ "$status" = 0 ]; then echo "model check: passed, reports in $out"; else echo "model check: failed, see $out" >&2; fi
exit "$status"
