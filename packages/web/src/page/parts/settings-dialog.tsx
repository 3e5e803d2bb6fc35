// The settings of a conversation. They hold from the next answer on.

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { numberSettings, problemsOf, type Settings, toolNames } from '../conversation/settings.js';
import { Dialog } from './dialog.js';
import { Field } from './field.js';

export interface SettingsDialogProps {
  readonly settings: Settings;
  readonly onSave: (settings: Settings) => void;
  readonly onClose: () => void;
}

export function SettingsDialog({ settings, onSave, onClose }: SettingsDialogProps): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(settings);
  const problems = problemsOf(draft);
  const set = (changes: Partial<Settings>): void => setDraft({ ...draft, ...changes });
  const save = (event: Event): void => {
    event.preventDefault();
    const [first] = Object.keys(problems);
    if (first === undefined) onSave(draft);
    else form.current!.querySelector<HTMLElement>(`[name="${first}"]`)!.focus();
  };
  const setNumber = (name: string, text: string): void => {
    const { [name as keyof Settings['numbers']]: _former, ...others } = draft.numbers;
    set({ numbers: text === '' ? others : { ...others, [name]: Number(text) } });
  };
  const choices = ['auto', 'required', 'none', ...toolNames(draft)];

  return (
    <Dialog title="Settings of this conversation" place="right" onClose={onClose}>
      <form ref={form} class="settings" noValidate onSubmit={save}>
        <Field label="System prompt" name="system" hint="What the model is told before the first message">
          {(props) => (
            <textarea {...props} class="grows" value={draft.system} onInput={onText((system) => set({ system }))} />
          )}
        </Field>
        <fieldset>
          <legend>Sampling</legend>
          <p class="hint">A field that is empty leaves it to the model.</p>
          <div class="grid">
            {numberSettings.map(({ name, label, hint, min, max, step }) => (
              <Field key={name} label={label} name={name} hint={hint} problem={problems[name]}>
                {(props) => (
                  <input
                    {...{ ...props, min, step, ...(max === null ? {} : { max }) }}
                    type="number"
                    value={draft.numbers[name] ?? ''}
                    onInput={onText((text) => setNumber(name, text))}
                  />
                )}
              </Field>
            ))}
            <Field label="Seed" name="seed" hint="the same one gives the same answer" problem={problems.seed}>
              {(props) => (
                <input {...props} inputMode="numeric" value={draft.seed} onInput={onText((seed) => set({ seed }))} />
              )}
            </Field>
            <Field label="Date" name="date" hint="that the template names: 26 Jul 2024">
              {(props) => <input {...props} value={draft.date} onInput={onText((date) => set({ date }))} />}
            </Field>
          </div>
          <Field label="Stop texts" name="stop" hint="One a line; an answer ends before them">
            {(props) => <textarea {...props} rows={2} value={draft.stop} onInput={onText((stop) => set({ stop }))} />}
          </Field>
          <label class="check">
            <input
              type="checkbox"
              checked={draft.hasProbabilities}
              onChange={({ currentTarget }) => set({ hasProbabilities: currentTarget.checked })}
            />
            Keep the probabilities of tokens
          </label>
        </fieldset>
        <fieldset>
          <legend>Form of answers</legend>
          <Field label="JSON schema" name="schema" hint="Answers are held to it" problem={problems.schema}>
            {(props) => (
              <textarea
                {...props}
                class="code-field"
                rows={5}
                spellcheck={false}
                value={draft.schema}
                placeholder={'{"type": "object", "properties": {"legs": {"type": "integer"}}}'}
                onInput={onText((schema) => set({ schema }))}
              />
            )}
          </Field>
          <Field label="Tools" name="tools" hint="A JSON list of functions that may be called" problem={problems.tools}>
            {(props) => (
              <textarea
                {...props}
                class="code-field"
                rows={5}
                spellcheck={false}
                value={draft.tools}
                placeholder={'[{"type": "function", "function": {"name": "get_weather", "parameters": {…}}}]'}
                onInput={onText((tools) => set({ tools }))}
              />
            )}
          </Field>
          <Field label="Calls" name="toolChoice" hint="Whether an answer calls a tool">
            {(props) => (
              <select {...props} value={draft.toolChoice} onChange={onText((toolChoice) => set({ toolChoice }))}>
                {choices.map((choice) => (
                  <option key={choice} value={choice}>
                    {callWords[choice] ?? `calls ${choice}`}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </fieldset>
        <div class="row dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const callWords: Readonly<Record<string, string>> = {
  auto: 'may call',
  required: 'has to call',
  none: 'does not call',
};

function onText(change: (text: string) => void) {
  return ({ currentTarget }: { readonly currentTarget: { readonly value: string } }): void =>
    change(currentTarget.value);
}
