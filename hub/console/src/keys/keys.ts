// Keys by their place on the board (event.code): Telex and VNI eat letters, and there is no Đ key. Pure but for `listen`.

export type Acts = Record<string, () => void>;

interface Pressed { code: string; isComposing: boolean; keyCode: number; ctrlKey: boolean; altKey: boolean; metaKey: boolean; repeat: boolean; target: EventTarget | null }

/** These work while somebody writes, too. */
const ALWAYS = new Set(["Escape", "F1"]);
const MAY_REPEAT = new Set(["ArrowDown", "ArrowUp"]);
const COMPOSING = 229;

/** Which act a key means here; "" for none. */
export function meant(pressed: Pressed, writing: boolean): string {
  if (pressed.isComposing || pressed.keyCode === COMPOSING) return "";
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return "";
  if (pressed.repeat && !MAY_REPEAT.has(pressed.code)) return "";
  return writing && !ALWAYS.has(pressed.code) ? "" : pressed.code;
}

export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

export function listen(acts: Acts): void {
  addEventListener("keydown", (event) => {
    const act = acts[meant(event, isWriting(event.target))];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** What stands on the key, for hints. */
export function cap(code: string): string {
  return { Slash: "/", ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" }[code] ?? code.replace(/^(Key|Digit)/, "");
}

/** The keys of the F1 sheet, in its order; each has a word `key.<code>`. */
export const SHEET = ["KeyX", "ArrowDown", "ArrowUp", "KeyN", "Slash", "KeyV", "KeyP", "KeyO", "KeyT", "KeyM", "KeyB", "KeyL", "Escape", "F1"] as const;
