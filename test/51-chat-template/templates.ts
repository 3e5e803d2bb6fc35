// Chat templates for tests, written for them: each uses the constructs of a family of Llama 3 fine-tunes, none their text.

/** A template, and what of Jinja it uses. */
export interface FamilyTemplate {
  readonly family: string;
  readonly constructs: string;
  readonly source: string;
}

const HEAD = "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}";
const ASK = "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}";
/** Content that may be text, nothing, or a list of parts. */
const SAY =
  "{%- macro say(content) %}{%- if content is string %}{{- content }}{%- elif content is none or content is undefined %}{%- elif content is mapping %}{{- content | tojson }}{%- else %}{%- for part in content %}{%- if part is mapping and part.type == 'text' %}{{- part.text }}{%- elif part is string %}{{- part }}{%- endif %}{%- endfor %}{%- endif %}{%- endmacro %}";

export const FAMILY_TEMPLATES: readonly FamilyTemplate[] = [
  {
    family: 'Llama 3 Instruct',
    constructs: 'loop_messages, loop.index0, set in a loop, concatenation, trim',
    source: `{% set loop_messages = messages %}${SAY}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ say(message['content']) | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`,
  },
  {
    family: 'Llama 3.1 and 3.3 Instruct',
    constructs:
      'is defined, slices of messages, strftime_now, tojson(indent), builtin_tools, raise_exception, iterable and mapping tests',
    source: `{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{#- A system message goes first. #}
{%- if messages and messages[0]['role'] == 'system' and messages[0]['content'] is string %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- if (tools | rejectattr('type', 'equalto', 'function') | list) %}{{- "other\\n" }}{%- endif %}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" + system_message + "<|eot_id|>" }}
{%- if tools is not none %}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'}}
        {%- if message['content'] is string %}{{- message['content'] | trim }}{%- else %}{{- message['content'] | tojson }}{%- endif %}
        {{- '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("one call at a time") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
${ASK}`,
  },
  {
    family: 'Hermes 2 Pro and Hermes 3',
    constructs:
      'macro of JSON schema types, look-up in a dict by what may be undefined, items, in, loop.first, recursion, namespace',
    source: `{%- macro type_of(spec) %}
{%- set names = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}
{%- if names[spec.type] is defined %}
{{- names[spec.type] }}
{%- elif spec.type == "array" %}
{{- "list[" + type_of(spec | attr('items') if false else spec['items']) + "]" if spec['items'] is defined else "list" }}
{%- elif spec.type == "object" %}
{%- if spec.additionalProperties is defined %}{{- "dict[str, " + type_of(spec.additionalProperties) + ']' }}{%- else %}{{- "dict" }}{%- endif %}
{%- elif spec.type is iterable and spec.type is not string %}
{{- "Union[" }}{%- for t in spec.type %}{{- type_of({"type": t}) }}{%- if not loop.last %}{{- "," }}{%- endif %}{%- endfor %}{{- "]" }}
{%- else %}
{{- "Any" }}
{%- endif %}
{%- endmacro %}
${SAY}
{{- bos_token }}
{%- if tools %}
{{- '<|im_start|>system\\n' }}
{%- for tool in tools %}
{%- if tool.function is defined %}{%- set tool = tool.function %}{%- endif %}
{{- '{"name": "' + tool.name + '", "description": "' + tool.name + '(' }}
{%- for name, spec in (tool.parameters.properties if tool.parameters is defined and tool.parameters.properties is defined else {}).items() %}
{{- name + ": " + type_of(spec) }}{%- if not loop.last %}{{- ", " }}{%- endif %}
{%- endfor %}
{{- ")" }}
{%- if tool.return is defined %}{{- " -> " + type_of(tool.return) }}{%- endif %}
{{- " - " + (tool.description or '') + '", ' }}
{{- '"parameters": ' }}{{- tool.parameters | tojson if tool.parameters is defined else '{}' }}{{- "}\\n" if not loop.last else "<|im_end|>\\n" }}
{%- endfor %}
{%- endif %}
{%- set ns = namespace(n_tools=0, last=none) %}
{%- for message in messages %}
{%- if message.role == "user" or message.role == "system" or (message.role == "assistant" and message.tool_calls is not defined) %}
{{- '<|im_start|>' + message.role + '\\n' + say(message.content) + '<|im_end|>' + '\\n' }}
{%- elif message.role == "assistant" %}
{{- '<|im_start|>' + message.role }}
{%- for tool_call in message.tool_calls %}
{{- '\\n<tool_call>\\n' }}
{%- if tool_call.function is defined %}{%- set tool_call = tool_call.function %}{%- endif %}
{{- '{"name": "' }}{{- tool_call.name }}{{- '"' }}{%- if tool_call.arguments is defined %}{{- ', "arguments": ' }}{%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}{{- tool_call.arguments|tojson }}{%- endif %}{%- endif %}
{{- '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- elif message.role == "tool" %}
{%- set ns.n_tools = ns.n_tools + 1 %}
{%- if loop.previtem and loop.previtem.role != "tool" %}{{- '<|im_start|>tool\\n' }}{%- endif %}
{{- '<tool_response>\\n' }}{{- say(message.content) }}
{%- if not loop.last %}{{- '\\n</tool_response>\\n' }}{%- else %}{{- '\\n</tool_response>' }}{%- endif %}
{%- if not loop.last and loop.nextitem.role != "tool" %}{{- '<|im_end|>' }}{%- elif loop.last %}{{- '<|im_end|>' }}{%- endif %}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}{{ ns.n_tools }}`,
  },
  {
    family: 'functionary v3.1',
    constructs: 'selectattr of what may be none, continue, set of filtered lists, in with literals',
    source: `{{ bos_token }}{%- set has_code = (tools | selectattr("type", "equalto", "code_interpreter") | list | length > 0) if tools is not none else false %}
${SAY}
{%- for message in messages %}
{%- if message['role'] not in ['user', 'system', 'assistant', 'tool'] %}{%- continue %}{%- endif %}
{%- if message['role'] == 'user' or message['role'] == 'system' %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + say(message['content']) + '<|eot_id|>' }}
{%- elif message['role'] == 'tool' %}
{{- '<|start_header_id|>' + 'ipython' + '<|end_header_id|>\\n\\n' + say(message['content']) + '<|eot_id|>' }}
{%- else %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
{%- if message['content'] is not none and message['content'] %}{{- say(message['content']) }}{%- endif %}
{%- if 'tool_calls' in message and message['tool_calls'] is not none %}
{%- for tool_call in message['tool_calls'] %}
{{- '<function=' ~ tool_call['function']['name'] ~ '>' ~ tool_call['function']['arguments'] ~ '</function>' }}
{%- endfor %}<|eom_id|>
{%- else %}<|eot_id|>{%- endif %}
{%- endif %}
{%- endfor %}
{{- has_code }}${ASK}`,
  },
  {
    family: 'functionary v3.2',
    constructs: 'two names over items, recursive macro over JSON schema, indentation by multiplication, replace, keys',
    source: `{%- macro comment(text, level) %}{%- if text %}{{- '  ' * level ~ '// ' ~ (text | replace('\\n', '\\n' ~ '  ' * level ~ '// ')) ~ '\\n' }}{%- endif %}{%- endmacro %}
{%- macro shape(spec, level) -%}
{%- if spec is not mapping %}any{% elif 'enum' in spec %}
{{- spec.enum | map('tojson') | join(' | ') }}
{%- elif spec.type == 'object' and spec.properties is defined %}
{{- '{\\n' }}
{%- for key, value in spec.properties | items %}
{{- comment(value.description, level + 1) if value is mapping and value.description is string else '' }}
{{- '  ' * (level + 1) ~ key ~ ('' if spec.required is defined and key in spec.required else '?') ~ ': ' ~ shape(value, level + 1) ~ ',\\n' }}
{%- endfor %}
{{- '  ' * level ~ '}' }}
{%- elif spec.type == 'array' %}
{{- shape(spec['items'] if 'items' in spec.keys() else {}, level) ~ '[]' }}
{%- elif spec.type is string %}{{ {'integer': 'number', 'number': 'number'}.get(spec.type, spec.type) }}
{%- else %}any{% endif %}
{%- endmacro %}
${SAY}
{{- bos_token }}{%- for tool in tools or [] %}
{%- set f = tool['function'] or tool %}
{{- comment(f['description'], 0) }}type {{ f['name'] }} = (_: {{ shape(f['parameters'] if f['parameters'] else {}, 0) }}) => any;
{% endfor %}
{%- for message in messages %}
${HEAD}{{ say(message['content']) }}
{%- for call in (message.tool_calls or []) %}>>>{{ call.function.name }}
{{ call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}{% endfor %}<|eot_id|>
{%- endfor %}
${ASK}`,
  },
  {
    family: 'Llama 3 Groq Tool Use',
    constructs: 'tojson in concatenations, tests of strings, loop.last',
    source: `${SAY}{{ bos_token }}{% for message in messages %}{{ '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\n\n' }}{% if message.role == 'system' and tools %}{{ '<tools>' + (tools | tojson) + '</tools>' }}{% endif %}{% if message.tool_calls %}{% for call in message.tool_calls %}<tool_call>
{{ {'id': loop.index0, 'name': call.function.name, 'arguments': call.function.arguments} | tojson }}
</tool_call>{{ '\n' if not loop.last }}{% endfor %}{% endif %}{{ say(message.content) | trim }}<|eot_id|>{% endfor %}{% if add_generation_prompt and messages[-1].role != 'assistant' %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`,
  },
  {
    family: 'DeepSeek R1 Distill Llama',
    constructs: 'names of tokens compared with content, split and negative index, namespace flags, is none',
    source: `{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='') %}{%- for message in messages %}{%- if message['role'] == 'system' and message['content'] is string %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<|user|>' + (message['content'] if message['content'] is string else message['content'] | string)}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is none %}{%- set ns.is_tool = false -%}{%- for tool in message['tool_calls']%}{%- if not ns.is_first %}{{'<|assistant|><tool_calls>' + tool['type'] + '<sep>' + tool['function']['name'] + '\\n' + '\`\`\`json' + '\\n' ~ tool['function']['arguments'] ~ '\\n' + '\`\`\`'}}{%- set ns.is_first = true -%}{%- else %}{{'\\n' + tool['function']['name']}}{{'<end>'}}{%- endif %}{%- endfor %}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is string %}{%- if ns.is_tool %}{{'<outputs_end>' + message['content'] + '<|eot_id|>'}}{%- set ns.is_tool = false -%}{%- else %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{% if '<|eot_id|>' in content %}{% set content = content.split('<|eot_id|>') | join('') %}{% endif %}{{'<|assistant|>' + content + '<|eot_id|>'}}{%- endif %}{%- endif %}{%- if message['role'] == 'tool' %}{%- set ns.is_tool = true -%}{%- if ns.is_output_first %}{{'<outputs>' ~ message['content'] ~ '</output>'}}{%- set ns.is_output_first = false %}{%- else %}{{'\\n<output>' ~ message['content'] ~ '</output>'}}{%- endif %}{%- endif %}{%- endfor -%}{% if ns.is_tool %}{{'<outputs_end>'}}{% endif %}{% if add_generation_prompt and not ns.is_tool %}{{'<|assistant|><think>\\n'}}{% endif %}`,
  },
  {
    family: 'Nemotron',
    constructs: 'conditions within strings, strip, startswith and endswith, chained inline if, rfind',
    source: `${SAY}{{- bos_token }}{%- if messages[0]['role'] != 'system' %}{{- '<|start_header_id|>system<|end_header_id|>\\n\\ndetailed thinking off<|eot_id|>' }}{%- endif %}{%- for message in messages %}{%- set text = say(message['content']).strip() %}{%- if message['role'] == 'assistant' and text.startswith('<think>') and text.rfind('</think>') >= 0 %}{%- set text = text[text.rfind('</think>') + 8:].lstrip('\\n') %}{%- endif %}${HEAD}{{- text if text else '(nothing)' if message.tool_calls is not defined else '' }}{{- '' if text.endswith('<|eot_id|>') else '<|eot_id|>' }}{%- endfor %}${ASK}`,
  },
  {
    family: 'Dolphin and OpenHermes (ChatML)',
    constructs: 'default set, white space control, loop.first, upper and lower',
    source: `${SAY}
{% if not add_generation_prompt is defined %}
{% set add_generation_prompt = false %}
{% endif %}
{% for message in messages %}
    {% if loop.first and messages[0]['role'] != 'system' %}
<|im_start|>system
You are {{ 'dolphin' | title }}, {{ 'HELPFUL' | lower }}.<|im_end|>
    {% endif %}
<|im_start|>{{ message['role'] }}
{{ say(message['content']) }}<|im_end|>
{% endfor %}
{%+ if add_generation_prompt %}<|im_start|>assistant
{% endif %}
`,
  },
  {
    family: 'pythonic Llama 3.2 and 4, ToolACE',
    constructs: 'calls as Python writes them: repr of values, format, join of a mapped list, items, string test',
    source: `{%- macro value(v) %}{%- if v is string %}{{- '"' ~ v ~ '"' }}{%- else %}{{- v }}{%- endif %}{%- endmacro %}
${SAY}
{{- bos_token }}
{%- if tools %}{{- '%s functions: ' | format(tools | length) }}{%- for t in tools %}{{- (t.function or t).name }}{{ ', ' if not loop.last }}{%- endfor %}{%- endif %}
{%- for message in messages %}
${HEAD}
{%- if message.tool_calls %}[{%- for call in message.tool_calls %}{{- call.function.name }}({%- if call.function.arguments is mapping %}{%- for k, v in call.function.arguments.items() %}{{- "%s=" | format(k) }}{{- value(v) }}{{ ', ' if not loop.last }}{%- endfor %}{%- else %}{{- call.function.arguments }}{%- endif %}){{ ', ' if not loop.last }}{%- endfor %}]
{%- else %}{{- say(message.content) }}{%- endif %}<|eot_id|>
{%- endfor %}
${ASK}`,
  },
  {
    family: 'Watt Tool and xLAM',
    constructs: 'tojson with separators and sorted keys, list concatenation, selectattr, first, default',
    source: `${SAY}{{ bos_token }}{% set systems = messages | selectattr('role', 'equalto', 'system') | list %}{% set rest = messages | rejectattr('role', 'equalto', 'system') | list %}{{ '<|start_header_id|>system<|end_header_id|>\n\n' ~ say((systems | first).content if systems else 'none') }}
{{ (tools or []) | tojson(separators=(',', ':'), sort_keys=true) }}<|eot_id|>{% for message in [{'role': 'user', 'content': 'begin'}] + rest %}{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}{% for c in message.tool_calls | default([], true) %}{{ [{'name': c.function.name, 'arguments': c.function.arguments}] | tojson(ensure_ascii=true) }}{% else %}{{ say(message.content) }}{% endfor %}<|eot_id|>{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' if add_generation_prompt }}`,
  },
  {
    family: 'Cogito',
    constructs: 'set blocks, filters of blocks, booleans as flags, undefined variables',
    source: `${SAY}{% set intro %}{% if enable_thinking %}Enable deep thinking.

{% endif %}{{ say(messages[0].content) if messages[0].role == 'system' else 'default' }}{% endset %}
{{ bos_token }}<|start_header_id|>system<|end_header_id|>

{% filter trim %}
{{ intro }}
{% endfilter %}<|eot_id|>
{%- for message in (messages[1:] if messages[0].role == 'system' else messages) %}
${HEAD}{% filter replace('\\t', '    ') %}{{ say(message.content) }}{% endfilter %}<|eot_id|>
{%- endfor %}
${ASK}`,
  },
  {
    family: 'SmolLM3',
    constructs:
      'strftime_now, generation blocks, loop with set default, splitlines, is sameas, macro with defaults and keywords',
    source: `{%- macro turn(role, text='', end='<|eot_id|>') %}{{- '<|start_header_id|>' ~ role ~ '<|end_header_id|>\\n\\n' ~ text ~ end }}{%- endmacro %}
${SAY}
{{- bos_token }}{{- turn('system', text='Date: ' ~ strftime_now('%d %B %Y, %A %H:%M') ~ '\\nReasoning: ' ~ ('/think' if add_generation_prompt is sameas true else '/no_think')) }}
{%- for message in messages %}
{%- set text = say(message.content) %}
{%- if message.role == 'assistant' %}
{%- generation %}{{- turn(message.role, text=text.splitlines() | join('\\n')) }}{%- endgeneration %}
{%- else %}
{{- turn(message.role, text) }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- turn(role='assistant', end='') }}{%- endif %}`,
  },
  {
    family: 'Saiga',
    constructs: 'dict of roles, get with a default, in over keys, capitals beyond ASCII',
    source: `${SAY}{%- set names = {'user': 'пользователь', 'assistant': 'бот'} %}{{ bos_token }}{%- for message in messages %}{%- set role = names.get(message.role, message.role) %}{{ '<|start_header_id|>' ~ (role if role in names.values() else message.role | upper) ~ '<|end_header_id|>\n\n' ~ role.capitalize() ~ ': ' ~ say(message.content) | trim ~ '<|eot_id|>' }}{%- endfor %}${ASK}`,
  },
  {
    family: 'Zephyr and Tülu',
    constructs: 'roles in assembled names, eos_token, comparison chains',
    source: `${SAY}{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\n' + say(message['content']) + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\n' + say(message['content']) + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|' + message['role'] + '|>\n'  + say(message['content']) + eos_token }}
{% endif %}
{% if 0 < loop.index == loop.length and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}`,
  },
  {
    family: 'Alpaca',
    constructs: 'alternating roles enforced by raise_exception, inequality of conditions, modulo',
    source: `${SAY}{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{{ say(messages[0]['content']) }}

{% else %}{% set loop_messages = messages %}{% endif %}{% for message in loop_messages %}{% if strict is defined and (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate user/assistant: ' ~ message.role) }}{% endif %}{% if message['role'] == 'user' %}### Instruction:
{{ say(message['content']) | trim }}

{% elif message['role'] == 'assistant' %}### Response:
{{ say(message['content']) | trim }}{{ eos_token }}

{% endif %}{% endfor %}{% if add_generation_prompt %}### Response:
{% endif %}`,
  },
  {
    family: 'Command R (tool_use)',
    constructs: 'call blocks, macros with varargs and kwargs, groupby, dictsort, indent, loop.cycle',
    source: `{%- macro box(title) %}## {{ title }}{{ ' ' ~ varargs | join(' ') if varargs }}{% for k, v in kwargs | dictsort %} {{ k }}={{ v }}{% endfor %}
{{ caller() | indent(2, first=true) }}
{% endmacro %}
${SAY}
{{- bos_token }}
{%- call box('Tools', 'as', 'functions', n=(tools or []) | length, z=none, a=true) %}{% for t in tools or [] %}{{ loop.cycle('-', '*') }} {{ (t.function or t).name }}
{% for k, v in ((t.function or t).parameters or {}) | dictsort(by='key') %}  {{ k }}: {{ v }}
{% endfor %}{% endfor %}{%- endcall %}
{%- for group in messages | groupby('role') %}{{ group.grouper }}:{{ group.list | length }};{% endfor %}
{%- for message in messages %}${HEAD}{{ say(message.content) | indent }}<|eot_id|>{%- endfor %}${ASK}`,
  },
  {
    family: 'Command R (rag)',
    constructs:
      'documents, nested loops with loop kept in a variable, break, with blocks, batch and slice, ranges, truncate',
    source: `${SAY}{{ bos_token }}{%- with docs = documents or [], n = 2 %}{% for doc in docs %}{% set outer = loop %}Document: {{ loop.index0 }}
{% for key, value in doc.items() %}{{ outer.index }}.{{ loop.index }} {{ key }}: {{ value | string | truncate(20, true, '…') }}
{% if loop.index == n %}{% break %}{% endif %}{% endfor %}{% endfor %}{% endwith %}{{ n is defined }}
{% for row in messages | map(attribute='role') | batch(3, '-') %}{{ row | join('|') }};{% endfor %}{% for part in range(7) | slice(3) %}{{ part }}{% endfor %}
{%- for i in range(messages | length - 1, -1, -1) %}{% if messages[i].role == 'user' %}{{ i }}{% break %}{% endif %}{% endfor %}
{%- for message in messages %}${HEAD}{{ say(message.content) }}<|eot_id|>{%- endfor %}${ASK}`,
  },
  {
    family: 'Qwen-style thinking on Llama',
    constructs:
      'reversed messages, namespace of the last query, ranges backwards, lstrip and rstrip, split with a limit, raw blocks',
    source: `${SAY}{%- set ns = namespace(last=messages|length - 1, open=true) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.open and message.role == "user" %}{%- set ns.open = false %}{%- set ns.last = index %}{%- endif %}{%- endfor %}{{ bos_token }}{% raw %}{{ not a variable }}{% endraw %}
{%- for message in messages %}{%- set content = say(message.content) %}{%- set reasoning = '' %}{%- if message.reasoning_content is defined and message.reasoning_content is not none %}{%- set reasoning = message.reasoning_content %}{%- elif '</think>' in content %}{%- set reasoning = content.split('</think>', 1)[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{%- set content = content.rsplit('</think>', 1)[-1].lstrip('\\n') %}{%- endif %}${HEAD}{%- if loop.index0 > ns.last and reasoning %}{{- '<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}{%- else %}{{- content }}{%- endif %}<|eot_id|>{%- endfor %}${ASK}`,
  },
  {
    family: 'values in text',
    constructs:
      'None, True, floats, lists and dicts in output, integer division, powers, rounding, tests of numbers, min and max, sum, sort, unique',
    source: `{{ bos_token }}{% for message in messages %}{{ loop.index }}/{{ loop.revindex }} {{ message }} {{ message.content }} {{ message.content is none }} {{ [message.role, none, true, 1.5, 1e20, loop.index / 3] }} {{ (loop.index ** 2) // 3 }} {{ (loop.index / 7) | round(2) }} {{ message.content | string | length }} {{ message.content | string | upper }}
{% endfor %}{{ messages | map(attribute='role') | unique | sort | join(',') }} {{ messages | map(attribute='content') | map('string') | map('length') | sum }} {{ [3, 1.0, 2] | sort }} {{ [3, 1.0, 2] | max }} {{ tools }} {{ {'a': messages | length} }}{{ '%05.1f|%-6s|%r' % (messages | length, messages[0].role, messages[-1].content) }}`,
  },
];
