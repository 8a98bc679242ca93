// The first screen, and what the keys do on it.

import { useEffect, useRef } from "preact/hooks";
import { countOf } from "../alerts/rows";
import type { Desk } from "../desk";
import { listen } from "../keys/keys";
import { current, speak, word } from "../words/words";
import { Detail } from "./detail";
import { Gauges } from "./gauges";
import { MapFrame } from "./mapframe";
import { Key } from "./parts";
import { Queue } from "./queue";
import { Sheet } from "./sheet";
import { Sources } from "./sources";
import { Levels, Stale, Top, turnTheme } from "./top";

export function App({ desk }: { desk: Desk }) {
  useKeys(desk);
  const { mode } = desk.about;
  const stale = desk.stale.value;
  return (
    <div class={`desk${stale ? " is-stale" : ""}`}>
      <a class="skip" href="#needs-title">{word("skip")}</a>
      {mode !== "actual" && <aside class={`mode ${mode}`} aria-label={word("mode.title")}><strong>{word(`mode.${mode}`)}</strong></aside>}
      <Top desk={desk} />
      <div class="strip"><Levels desk={desk} /><Stale desk={desk} /></div>
      <div class="feed">
        <main>
          <Lists desk={desk} />
          <div class="middle"><MapFrame desk={desk} /><Gauges desk={desk} /></div>
          <Detail desk={desk} />
        </main>
        <Sources desk={desk} />
      </div>
      <Sheet desk={desk} />
    </div>
  );
}

function Lists({ desk }: { desk: Desk }) {
  const { needs, force } = desk.queues.value;
  const known = desk.ledger.known;
  const asked = desk.search.value.trim();
  const field = useRef<HTMLInputElement>(null);
  return (
    <div class="lists">
      <p class="search"><label><span class="unseen">{word("search")}</span><input id="search" ref={field} type="search" autocomplete="off" placeholder={word("search.hint")} value={desk.search.value} onInput={(event) => { desk.search.value = event.currentTarget.value; }} /></label> <Key code="Slash" /></p>
      {desk.flood.value && <p class="grouped" role="status">{word("grouped")}</p>}
      <Queue desk={desk} name="needs" shown={desk.needs.value} count={countOf(needs)} nothing={!known ? word("none.unknown") : asked ? word("none.found") : word("needs.none")} />
      <Queue desk={desk} name="force" shown={desk.force.value} count={countOf(force)} nothing={!known ? word("none.unknown") : asked ? word("none.found") : silence(desk)} />
    </div>
  );
}

/** What an empty list means: nothing warned of, nothing by those that can be read, or nothing known. */
function silence(desk: Desk): string {
  const { listed, live } = desk.sources.value;
  if (desk.queues.value.needs.length) return word("force.none");
  if (listed.length && live === 0) return word("none.no-data");
  return live === listed.length ? word("force.none") : word("none.from", { live, all: listed.length });
}

function useKeys(desk: Desk): void {
  useEffect(() => {
    const unfold = (which: "why" | "original"): void => { desk.open.value = { ...desk.open.value, [which]: !desk.open.value[which] }; };
    listen({
      F1: () => { desk.sheet.value = !desk.sheet.value; },
      Escape: () => escape(desk),
      KeyX: () => void desk.acknowledgeNow(),
      ArrowDown: () => desk.step(1),
      ArrowUp: () => desk.step(-1),
      KeyN: () => desk.showWaiting(),
      Slash: () => document.getElementById("search")?.focus(),
      KeyV: () => unfold("why"),
      KeyO: () => unfold("original"),
      KeyP: () => document.querySelector<HTMLButtonElement>(".detail td button")?.click(),
      KeyT: () => void desk.siren.test(),
      KeyM: () => desk.siren.turn(!desk.siren.on.value),
      KeyB: () => turnTheme(desk),
      KeyL: () => void speak(current() === "vi" ? "en" : "vi"),
    });
  }, []);
}

/** One thing at a time: the sheet, the field somebody writes in, the search, the choice. */
function escape(desk: Desk): void {
  const writing = document.activeElement;
  if (desk.sheet.value) desk.sheet.value = false;
  else if (desk.open.value.phone) desk.open.value = { ...desk.open.value, phone: "" };
  else if (writing instanceof HTMLInputElement) { if (writing.id === "search") desk.search.value = ""; writing.blur(); }
  else if (desk.search.value) desk.search.value = "";
  else desk.choose("");
}
