// A question that must be answered before anything else: the browser's own modal dialog, which keeps the focus inside,
// closes on Escape and gives the focus back to where it came from.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

export interface DialogProps {
  title: string;
  /** The word for closing without doing anything, for screen readers. */
  closeWord: string;
  onClose(): void;
  children: ComponentChildren;
}

/** Open as long as it is rendered. */
export function Dialog({ title, closeWord, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      // Closing gives the focus back; a dialog that is gone from the page before it is closed cannot.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="button-quiet button-icon" onClick={onClose} aria-label={closeWord}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
