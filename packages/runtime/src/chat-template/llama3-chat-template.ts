// A chat template for models that hold none and have Llama 3's special tokens.

/** Llama 3's form of a conversation: a head with the role, the text, and the end of the turn; no date and no tools. */
export const LLAMA3_CHAT_TEMPLATE = `{{- bos_token }}
{%- for message in messages %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
`;
