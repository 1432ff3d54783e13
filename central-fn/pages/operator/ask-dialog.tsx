// The question before a command: what it does, why it is given, and yes or no.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { Dialog } from "../kit/dialog.tsx";
import { texts } from "./texts.ts";

export interface AskDialogProps {
  title: string;
  text: string;
  /** The word on the button that does it. */
  act: string;
  danger?: boolean;
  /** "none": it is not asked for. */
  reason: "required" | "optional" | "none";
  /** Further fields; `wrong` says what is missing in them. */
  children?: ComponentChildren;
  wrong?: string | undefined;
  onClose(): void;
  onAct(reason: string | undefined): void;
}

export function AskDialog(props: AskDialogProps) {
  const { title, text, act, danger = false, reason: needed, children, wrong, onClose, onAct } = props;
  const [reason, setReason] = useState("");
  const [complaint, setComplaint] = useState<string | undefined>(undefined);
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    const said = reason.trim();
    const missing = wrong ?? (needed === "required" && said === "" ? texts.orders.required : undefined);
    setComplaint(missing);
    if (missing === undefined) {
      onAct(said === "" ? undefined : said);
      onClose();
    }
  };
  return (
    <Dialog title={title} closeWord={texts.close} onClose={onClose}>
      <form class="stack" onSubmit={submit} noValidate>
        <p>{text}</p>
        {children}
        {needed === "none" ? null : (
          <div class="field">
            <label for={id}>
              {texts.orders.reason}{" "}
              <span class="faint">{needed === "optional" ? `(${texts.orders.optional})` : ""}</span>
            </label>
            <input
              id={id}
              value={reason}
              maxLength={200}
              autocomplete="off"
              required={needed === "required"}
              aria-describedby={`${id}-hint`}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
            <small class="faint" id={`${id}-hint`}>
              {texts.orders.reasonHint}
            </small>
          </div>
        )}
        {complaint === undefined ? null : (
          <p class="complaint" role="alert">
            {complaint}
          </p>
        )}
        <div class="dialog-acts">
          <button type="button" onClick={onClose}>
            {texts.cancel}
          </button>
          <button type="submit" class={danger ? "button-main button-danger" : "button-main"}>
            {act}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
