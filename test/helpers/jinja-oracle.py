"""Renders chat templates as Hugging Face transformers does, by jinja2: the oracle of our own interpreter.

Reads {"templates": [source], "cases": [{"template": index, "variables": {}, "now": [year, month, day, hour, minute,
second]}]} and writes [{"text": rendered} | {"error": name, "message": what}].

The environment is that of src/transformers/utils/chat_template_utils.py, _compile_jinja_template.
"""

import json
import sys
from datetime import datetime

import jinja2
import jinja2.ext
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_support"), [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def _support(self, context, caller):
        return caller()


def raise_exception(message):
    raise TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


now = datetime.now()


def strftime_now(format):
    return now.strftime(format)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
)
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = strftime_now


def failure(error):
    return {"error": type(error).__name__, "message": str(error)[:300]}


def main():
    global now
    given = json.load(sys.stdin)
    compiled = []
    for source in given["templates"]:
        try:
            compiled.append(environment.from_string(source))
        except Exception as error:
            compiled.append(failure(error))
    results = []
    for case in given["cases"]:
        template = compiled[case["template"]]
        now = datetime(*case["now"])
        if isinstance(template, dict):
            results.append(template)
            continue
        try:
            results.append({"text": template.render(**case["variables"])})
        except Exception as error:
            results.append(failure(error))
    json.dump(results, sys.stdout)


main()
