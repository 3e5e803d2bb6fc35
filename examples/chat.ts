// A streamed chat, and one that calls a tool: npx tsx examples/chat.ts [MODEL.bin]

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import { type ChatEvent, createChat, jsonSchema, openModel, parseToolCall } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';

const folder = await mkdtemp(path.join(os.tmpdir(), 'llama-chat-'));
const model = await openModel(process.argv[2] ?? (await sampleModel()));
const settings = { temperature: 0, maxTokens: 60, dateString: '26 Jul 2024' };
try {
  await talk();
  await callTool();
} finally {
  await model.close();
  await rm(folder, { recursive: true });
}

/** Two messages: the second answer knows the first, and computes only what is new. */
async function talk(): Promise<void> {
  const chat = createChat(model, { ...settings, system: 'You are a friendly assistant.' });
  for (const message of ['My name is Ada.', 'What is my name?']) {
    console.log(`> ${message}`);
    await stream(chat.send(message));
  }
}

/** The model gets a tool, calls it in the template's form, gets the result and answers. */
async function callTool(): Promise<void> {
  const city = { enum: ['London', 'Paris', 'Rome'] };
  const parameters = { type: 'object', properties: { city }, required: ['city'], additionalProperties: false };
  const tool = { name: 'temperature', description: 'The temperature of a city, in degrees Celsius', parameters };
  const chat = createChat(model, { ...settings, tools: [{ type: 'function', function: tool }] });

  // A large model decides by itself whether to call; the constraint makes a small one call, and call rightly.
  const call = {
    type: 'object',
    properties: { name: { const: tool.name }, parameters },
    required: ['name', 'parameters'],
  };
  const constraint = jsonSchema({ ...call, additionalProperties: false });
  console.log('> How warm is it in Paris?');
  const asked = parseToolCall(await stream(chat.send('How warm is it in Paris?', { constraint })));
  if (asked === null) return;

  const result = { city: asked.function.arguments.city, celsius: 21 };
  console.log(`[${asked.function.name} gives ${JSON.stringify(result)}]`);
  await stream(chat.send({ role: 'tool', content: JSON.stringify(result) }));
}

async function stream(events: AsyncIterable<ChatEvent>): Promise<string> {
  let text = '';
  for await (const event of events) {
    if (event.type !== 'token' && event.type !== 'end') continue;
    text += event.text;
    process.stdout.write(event.text);
  }
  process.stdout.write('\n');
  return text;
}

/** The bundled sample model, quantized. */
async function sampleModel(): Promise<string> {
  const output = path.join(folder, 'sample.bin');
  for await (const _ of exportModel({ source: sampleModelPath, output, version: 2 }));
  return output;
}
