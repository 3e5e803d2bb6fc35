// Talks to a running `llama serve` with OpenAI's client, a stream, JSON of a schema and a tool: npx tsx examples/openai-client.ts [ADDRESS]

import OpenAI from 'openai';

const [address = 'http://127.0.0.1:8080'] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: process.env.LLAMA_API_KEY ?? 'none' });
const [{ id: model }] = (await client.models.list()).data as [OpenAI.Model];
const user = (content: string) => ({ role: 'user' as const, content });
// The same seed gives the same bytes, however busy the server is.
const settings = { model, seed: 1, temperature: 0 };

const stream = await client.chat.completions.create({
  ...{ ...settings, messages: [user('What sound does a cow make?')], max_completion_tokens: 40 },
  stream: true,
});
for await (const { choices } of stream) process.stdout.write(choices[0]?.delta.content ?? '');
process.stdout.write('\n');

const schema = {
  type: 'object',
  properties: { animal: { enum: ['cow', 'fox'] }, legs: { type: 'integer', minimum: 0, maximum: 9 } },
  required: ['animal', 'legs'],
  additionalProperties: false,
};
const described = await client.chat.completions.create({
  ...{ ...settings, messages: [user('Describe a cow.')], max_completion_tokens: 60 },
  response_format: { type: 'json_schema', json_schema: { name: 'animal', strict: true, schema } },
});
console.log(described.choices[0]!.message.content);

const city = { enum: ['Oslo', 'Rome'] };
const parameters = { type: 'object', properties: { city }, required: ['city'], additionalProperties: false };
const called = await client.chat.completions.create({
  ...{ ...settings, messages: [user('How warm is it in Oslo?')], max_completion_tokens: 60 },
  tools: [{ type: 'function', function: { name: 'get_weather', description: 'Weather of a city', parameters } }],
  tool_choice: 'required',
});
for (const call of called.choices[0]!.message.tool_calls ?? []) {
  if (call.type === 'function') console.log(`${call.function.name}(${call.function.arguments})`);
}
