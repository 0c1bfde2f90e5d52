// Short words about what was done, or why it was not.
import { signal } from "@preact/signals";
import { reload } from "../state/poll";
import { confirm } from "./dialog";
import { Icon } from "./icons";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const shownFor = { good: 4_000, bad: 10_000 };
const most = 4;
const toasts = signal<Toast[]>([]);
const next = signal(0);

export function say(text: string, bad = false): void {
  const id = next.value++;
  // The same again takes the place of what it repeats.
  toasts.value = [...toasts.value.filter((t) => t.text !== text), { id, text, bad }].slice(-most);
  setTimeout(() => dismiss(id), bad ? shownFor.bad : shownFor.good);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id);
}

export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Does something, says how it went, and has what is shown loaded again. Resolves to whether it went well. */
export async function act(done: string, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    say(done);
    return true;
  } catch (error) {
    say(message(error), true);
    return false;
  } finally {
    reload();
  }
}

interface Destruction {
  title: string;
  text: string;
  action: string;
  done: string;
  call: () => Promise<unknown>;
}

/** Asks, and then does what cannot be taken back. */
export async function destroy({ title, text, action, done, call }: Destruction): Promise<boolean> {
  return (await confirm({ title, text: <p>{text}</p>, action, danger: true })) && act(done, call);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad }) => (
        <div key={id} class={`toast ${bad ? "bad" : "good"}`}>
          <span>{text}</span>
          <button type="button" class="button quiet square" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
