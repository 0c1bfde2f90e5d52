// Loading what is shown, again and again.
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { interval } from "./settings";

/** What was loaded. Older data stays while newer is on its way or cannot be had. */
export interface Poll<T> {
  data: T | undefined;
  error: Error | undefined;
  /** Whether the data is of an earlier key: a page of a list that is being left. */
  stale: boolean;
}

const changes = signal(0);

/** Has everything that is shown loaded again, after a change. */
export function reload(): void {
  changes.value++;
}

/**
 * Calls `load` at once and in the interval that the user chose, and at once when `key` changes. A request that the
 * next one makes pointless is aborted. Nothing is loaded while the tab is hidden. What is large or hardly changes is
 * not loaded again within `atLeast` seconds, unless something was changed here.
 */
export function usePoll<T>(key: string, load: (signal: AbortSignal) => Promise<T>, atLeast = 0): Poll<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: Error }>({ key });
  const latest = useRef(load);
  latest.current = load;
  const chosen = Number(interval.value);
  const seconds = chosen === 0 ? 0 : Math.max(chosen, atLeast);
  const change = changes.value;

  useEffect(() => {
    let timer = 0;
    let running: AbortController | undefined;

    const run = async (): Promise<void> => {
      const controller = new AbortController();
      running = controller;
      try {
        const data = await latest.current(controller.signal);
        if (controller.signal.aborted) return;
        setState({ key, data });
      } catch (error) {
        if (controller.signal.aborted) return;
        setState((s) => ({ ...s, error: error instanceof Error ? error : new Error(String(error)) }));
      }
      if (seconds > 0) timer = window.setTimeout(run, seconds * 1000);
    };
    const stop = (): void => {
      window.clearTimeout(timer);
      running?.abort();
    };
    const start = (): void => {
      stop();
      if (!document.hidden) void run();
    };

    start();
    document.addEventListener("visibilitychange", start);
    return () => {
      document.removeEventListener("visibilitychange", start);
      stop();
    };
  }, [key, seconds, change]);

  return { data: state.data, error: state.error, stale: state.key !== key };
}
