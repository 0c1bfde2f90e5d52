// Forms: fields with labels, and one way to send them.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { Dialog } from "./dialog";
import { message } from "./toast";

/** The fields of a form that was sent, by name. */
export class Sent {
  constructor(private readonly data: FormData) {}

  text(name: string): string {
    const value = this.data.get(name);
    return typeof value === "string" ? value : "";
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  on(name: string): boolean {
    return this.data.get(name) !== null;
  }

  file(name: string): File | undefined {
    const value = this.data.get(name);
    return value instanceof File && value.name !== "" ? value : undefined;
  }

  all(name: string): string[] {
    return this.data.getAll(name).filter((v) => typeof v === "string");
  }
}

interface FormProps {
  /** What the button says. */
  action: string;
  danger?: boolean;
  onSend: (values: Sent) => Promise<void>;
  onCancel?: (() => void) | undefined;
  children?: ComponentChildren;
}

/** A form that shows the error with which its sending ends. */
export function Form({ action, danger, onSend, onCancel, children }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");

  const send = async (form: HTMLFormElement): Promise<void> => {
    setBusy(true);
    setProblem("");
    try {
      await onSend(new Sent(new FormData(form)));
    } catch (error) {
      setProblem(message(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        void send(event.currentTarget);
      }}
    >
      <div class="body fields">{children}</div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <footer>
        {onCancel && (
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class={`button ${danger ? "danger" : "primary"}`} disabled={busy}>
          {action}
        </button>
      </footer>
    </form>
  );
}

/** A form in a dialog, which closes when it was sent. */
export function FormDialog({ title, wide, onClose, onSend, ...form }: FormProps & { title: string; wide?: boolean; onClose: () => void }) {
  return (
    <Dialog title={title} wide={wide ?? false} onClose={onClose}>
      <Form
        {...form}
        onCancel={onClose}
        onSend={async (values) => {
          await onSend(values);
          onClose();
        }}
      />
    </Dialog>
  );
}

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
}

interface TextProps extends FieldProps {
  name: string;
  value?: string;
  type?: "text" | "password" | "number" | "search";
  required?: boolean;
  placeholder?: string;
  list?: string[];
  min?: number;
  max?: number;
  focus?: boolean;
  autocomplete?: string;
  readonly?: boolean;
}

// The types of Preact tell inputs apart by kind; what is given here fits any of them.
export function Text({ label, hint, name, value = "", type = "text", list, focus, readonly, ...rest }: TextProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        defaultValue={value}
        type={type as "text"}
        spellcheck={false}
        autocapitalize="off"
        autofocus={focus}
        readOnly={readonly}
        aria-describedby={hint ? `${id}-hint` : undefined}
        list={list ? `${id}-list` : undefined}
        {...rest}
      />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      )}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

export function Area({ label, hint, name, rows = 5 }: FieldProps & { name: string; rows?: number }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} name={name} rows={rows} spellcheck={false} aria-describedby={hint ? `${id}-hint` : undefined} />
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

export interface Option {
  value: string;
  title: string;
}

interface SelectProps extends FieldProps {
  name: string;
  options: Option[];
  value?: string;
  onPick?: (value: string) => void;
}

export function Select({ label, hint, name, options, value, onPick }: SelectProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        onChange={(event) => onPick?.(event.currentTarget.value)}
        aria-describedby={hint ? `${id}-hint` : undefined}
      >
        {options.map((o) => (
          <option key={o.value} value={o.value} selected={o.value === value}>
            {o.title}
          </option>
        ))}
      </select>
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

export function Check({ label, hint, name, on = false, value = "on" }: FieldProps & { name: string; on?: boolean; value?: string }) {
  const id = useId();
  return (
    <div class="check">
      <input id={id} type="checkbox" name={name} value={value} defaultChecked={on} aria-describedby={hint ? `${id}-hint` : undefined} />
      <div>
        <label for={id}>{label}</label>
        {hint && <small id={`${id}-hint`}>{hint}</small>}
      </div>
    </div>
  );
}

export const options = (...values: string[]): Option[] => values.map((value) => ({ value, title: value }));
