// Small parts that several views share.

import type { ComponentChildren } from "preact";
import { legalLevel, paint, shape, type Graded } from "../alerts/level";
import { cap } from "../keys/keys";
import { has, named, word } from "../words/words";

/** Shape, number and word of a level; CAP's severity in words where there is no legal level. */
export function Level({ of, long = false }: { of: Graded; long?: boolean }) {
  const level = legalLevel(of);
  const text = level ? (long ? `${word("risk.official", { level })} · ${word(`level.${level}`)}` : `${level}`) : named("severity", of.severity);
  const said = level ? `${word("risk.official", { level })}, ${word(`level.${level}`)}` : named("severity", of.severity);
  return (
    <span class={`level ${paint(of)}`} title={said}>
      <span aria-hidden="true">{shape(of)}</span> <span aria-hidden={!long && Boolean(level)}>{text}</span>
      {!long && level && <span class="unseen">{said}</span>}
    </span>
  );
}

export function Key({ code }: { code: string }) { return <kbd aria-hidden="true">{cap(code)}</kbd>; }

export function Act({ code, onClick, children, disabled = false, strong = false, pressed, label }: { code?: string; onClick: () => void; children: ComponentChildren; disabled?: boolean; strong?: boolean; pressed?: boolean; label?: string }) {
  return (
    <button type="button" class={strong ? "strong" : undefined} onClick={onClick} disabled={disabled} aria-pressed={pressed} aria-label={label} aria-keyshortcuts={code ? cap(code) : undefined}>
      {code && <Key code={code} />} {children}
    </button>
  );
}

/** Figures of one width; the signs between them take the little room that they need. */
export function Figures({ text }: { text: string }) {
  return <span class="figures">{text.split(/([:.,])/).map((part, at) => (at % 2 ? <i key={at}>{part}</i> : part))}</span>;
}

/** Why the hub did not do it, in words. */
export function refused(code: string): string { return has(`problem.${code}`) ? word(`problem.${code}`) : word("problem.fault"); }
