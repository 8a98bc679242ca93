// The source strip: each source with the age of its last success; a silent source is an alarm of its own.

import type { Desk } from "../desk";
import { useComputed } from "@preact/signals";
import { span } from "../words/times";
import { current, named, word } from "../words/words";

const MARKS: Record<string, string> = { live: "●", late: "◐", silent: "✕", failing: "✕", "wrong-content": "✕", new: "○" };

export function Sources({ desk }: { desk: Desk }) {
  const { listed, live } = desk.sources.value;
  const sorted = [...listed].sort((a, b) => Number(a.state === "live") - Number(b.state === "live") || a.source.localeCompare(b.source));
  return (
    <footer class="sources" aria-label={word("sources.title")}>
      <p class={listed.length && live < listed.length ? "bad" : ""} role="status">
        {!desk.ledger.known ? word("sources.unknown") : listed.length === 0 ? word("sources.none") : live === 0 ? `⚠ ${word("sources.none-live")} · ${word("sources.line", { live, all: listed.length })}` : word("sources.line", { live, all: listed.length })}
      </p>
      <ul tabIndex={0} aria-label={word("sources.title")}>
        {sorted.map((source) => (
          <li key={source.source} class={source.state === "live" ? "" : "bad"} title={source.told[current()]}>
            <span aria-hidden="true">{MARKS[source.state] ?? "✕"}</span> {source.source} <span class="soft">{named("source", source.state)}<Age desk={desk} at={source.last_success_at} /></span>
          </li>
        ))}
      </ul>
    </footer>
  );
}

function Age({ desk, at }: { desk: Desk; at: string | null }) {
  const text = useComputed(() => (at === null ? ` · ${word("source.never")}` : ` · ${word("source.ago", { span: span(desk.now.value - Date.parse(at)) })}`));
  return <>{text}</>;
}
