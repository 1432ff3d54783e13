// The question before an announcement: what every driver will read, how grave it is, and for how long.

import { useId, useState } from "preact/hooks";
import { orderOf } from "../kit/http.ts";
import type { Alert } from "./api-types.ts";
import { AskDialog } from "./ask-dialog.tsx";
import { give } from "./orders.ts";
import { texts } from "./texts.ts";

const severities: readonly Alert["severity"][] = ["INFO", "WARN", "CRITICAL"];

/** A field of local time to an instant; undefined when it is empty. */
const instantOf = (local: string) => (local === "" ? undefined : new Date(local).toISOString());

export function AskAlert({ onClose }: { onClose(): void }) {
  const [title, setTitle] = useState("");
  const [message, setMessage] = useState("");
  const [severity, setSeverity] = useState<Alert["severity"]>("INFO");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const id = useId();
  const words = texts.alerts;
  const isIncomplete = title.trim() === "" || message.trim() === "";
  const endsFirst = until !== "" && new Date(until) <= (from === "" ? new Date() : new Date(from));
  return (
    <AskDialog
      title={words.ask}
      text={words.text}
      act={words.act}
      reason="none"
      wrong={isIncomplete ? words.required : endsFirst ? words.wrongTimes : undefined}
      onClose={onClose}
      onAct={() =>
        void give({
          type: "create-alert",
          about: title.trim(),
          cp: undefined,
          call: orderOf("POST", "/alerts", {
            json: { title, message, severity, effective_at: instantOf(from), expires_at: instantOf(until) },
          }),
        })
      }
    >
      <div class="field">
        <label for={`${id}-title`}>{words.head}</label>
        <input
          id={`${id}-title`}
          value={title}
          maxLength={80}
          required
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for={`${id}-message`}>{words.message}</label>
        <textarea
          id={`${id}-message`}
          value={message}
          maxLength={500}
          required
          onInput={(event) => setMessage(event.currentTarget.value)}
        />
      </div>
      <fieldset class="choice">
        <legend>{words.severity}</legend>
        {severities.map((name) => (
          <label key={name} class={severity === name ? "chosen" : ""}>
            <input
              type="radio"
              name={`${id}-severity`}
              class="only-read"
              checked={severity === name}
              onChange={() => setSeverity(name)}
            />
            {words.severities[name]}
          </label>
        ))}
      </fieldset>
      <div class="pair">
        <TimeField
          id={`${id}-from`}
          word={words.from}
          hint={words.fromHint}
          value={from}
          onChange={setFrom}
        />
        <TimeField
          id={`${id}-until`}
          word={words.until}
          hint={words.untilHint}
          value={until}
          onChange={setUntil}
        />
      </div>
    </AskDialog>
  );
}

interface TimeFieldProps {
  id: string;
  word: string;
  hint: string;
  value: string;
  onChange(value: string): void;
}

function TimeField({ id, word, hint, value, onChange }: TimeFieldProps) {
  return (
    <div class="field">
      <label for={id}>{word}</label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <small class="faint" id={`${id}-hint`}>
        {hint}
      </small>
    </div>
  );
}
