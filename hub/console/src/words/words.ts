// The dictionary: Vietnamese first, English second. Every text a person reads comes through `word` or `named`.

import { signal } from "@preact/signals";
import vi from "./vi.json";

export type Language = "vi" | "en";
type Dictionary = Record<string, string>;

function remembered(): Language {
  try { return localStorage.getItem("language") === "en" ? "en" : "vi"; } catch { return "vi"; }
}

export const language = signal<Language>("vi");
const dictionary = signal<Dictionary>(vi);

export function current(): Language { return language.value; }

/** The screen speaks that language from now on. */
export async function speak(wanted: Language): Promise<void> {
  const words: Dictionary = wanted === "vi" ? vi : (await import("./en.json")).default;
  dictionary.value = words;
  language.value = wanted;
  document.documentElement.lang = wanted;
  try { localStorage.setItem("language", wanted); } catch { /* a browser that keeps nothing */ }
}

export async function speakAsBefore(): Promise<void> { await speak(remembered()); }

/** The text of that name with {gaps} filled; an unknown name shows itself, so that a hole in the dictionary is seen. */
export function word(name: string, gaps: Record<string, string | number> = {}): string {
  const text = dictionary.value[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, gap: string) => String(gaps[gap] ?? ""));
}

/** The word of a code of CAP or of the hub; a code without a word is shown as it is. */
export function named(kind: string, code: string | null | undefined): string {
  return dictionary.value[`${kind}.${code}`] ?? String(code ?? "");
}

export function has(name: string): boolean { return name in dictionary.value; }
