// Dialogs: the browser's own, which keeps the focus, closes on Escape and gives the focus back.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";

interface DialogProps {
  title: string;
  onClose: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, wide, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    // The browser gives the focus back only from a dialog that is still there when it closes.
    return () => before instanceof HTMLElement && before.focus();
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? "wide" : ""}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2>{title}</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface Question {
  title: string;
  text: ComponentChildren;
  /** What the button says that does it. */
  action: string;
  /** Whether it destroys something. */
  danger?: boolean;
}

const asked = signal<{ question: Question; answer: (yes: boolean) => void } | undefined>(undefined);

/** Asks the user, and resolves to the answer. Closing the dialog is a no. */
export function confirm(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    asked.value = {
      question,
      answer: (yes) => {
        asked.value = undefined;
        resolve(yes);
      },
    };
  });
}

/** The place of the dialog that `confirm` shows. */
export function Confirm() {
  if (asked.value === undefined) return null;
  const { question, answer } = asked.value;
  return (
    <Dialog title={question.title} onClose={() => answer(false)}>
      <div class="body">{question.text}</div>
      <footer>
        <button type="button" class="button" autofocus onClick={() => answer(false)}>
          Cancel
        </button>
        <button type="button" class={`button ${question.danger ? "danger" : "primary"}`} data-testid="confirm" onClick={() => answer(true)}>
          {question.action}
        </button>
      </footer>
    </Dialog>
  );
}
