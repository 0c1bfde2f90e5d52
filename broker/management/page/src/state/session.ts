// Who is logged in. The password is kept in memory and, so that a reload does not ask again, in the storage of the
// tab, which ends with it.
import { signal } from "@preact/signals";
import { api } from "../api/api";
import { ApiError, authorize, basic, whenUnauthorized } from "../api/http";

export interface Me {
  name: string;
  tags: string[];
}

const key = "lepus.authorization";

/** Undefined while nobody is logged in. */
export const me = signal<Me | undefined>(undefined);
/** Why the last session ended, for the log-in form. */
export const ended = signal("");
/** Whether a session of before a reload is being taken up. */
export const resuming = signal(sessionStorage.getItem(key) !== null);

export const can = (...tags: string[]): boolean => me.value?.tags.some((tag) => tag === "administrator" || tags.includes(tag)) ?? false;
export const isAdministrator = (): boolean => can();

/** Logs in or throws the ApiError that says why not. */
export async function logIn(name: string, password: string): Promise<void> {
  const header = basic(name, password);
  await enter(header);
  sessionStorage.setItem(key, header);
}

export function logOut(reason = ""): void {
  sessionStorage.removeItem(key);
  authorize("");
  ended.value = reason;
  me.value = undefined;
}

export async function resume(): Promise<void> {
  const header = sessionStorage.getItem(key);
  if (header === null) return;
  try {
    await enter(header);
  } catch (error) {
    logOut(error instanceof ApiError && error.status !== 401 ? error.message : "");
  } finally {
    resuming.value = false;
  }
}

async function enter(header: string): Promise<void> {
  authorize(header);
  try {
    const { name, tags } = await api.whoami();
    me.value = { name, tags: listOf(tags) };
    ended.value = "";
  } catch (error) {
    authorize("");
    throw error;
  }
}

/** Tags come as a list, or as a string with commas from older versions. */
export function listOf(tags: string | string[] | undefined): string[] {
  const list = Array.isArray(tags) ? tags : (tags ?? "").split(",");
  return list.map((tag) => tag.trim()).filter((tag) => tag !== "");
}

// 401 is also the answer to a user who lacks a right. Only if who it is does not hold either, the session is over.
let checking = false;
whenUnauthorized(() => {
  if (me.value === undefined || checking) return;
  checking = true;
  api
    .whoami()
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 401) logOut("Your session is over. Log in again.");
    })
    .finally(() => {
      checking = false;
    });
});
