// The head of the screen: clock, who is on duty, whether what is seen can be believed, the sound, the levels.

import { useComputed } from "@preact/signals";
import { countByLevel, paint, shapeOfLevel } from "../alerts/level";
import { countOf } from "../alerts/rows";
import { signOut } from "../api/client";
import type { Desk } from "../desk";
import { clock, date, span } from "../words/times";
import { current, speak, word } from "../words/words";
import { Act, Figures } from "./parts";

export function Top({ desk }: { desk: Desk }) {
  const day = useComputed(() => date(desk.now.value));
  const count = countOf(desk.queues.value.needs);
  const { connection } = desk.line;
  return (
    <header class="top">
      <p class="clock"><time><Figures text={clock(desk.now.value)} /></time> <span>{day}</span></p>
      <h1>{word("title")} <span>{desk.about.place.name}</span></h1>
      <p class={`connection ${connection.value}`} role="status"><span aria-hidden="true">{connection.value === "live" ? "●" : "✕"}</span> {word(`connection.${connection.value}`)}</p>
      <p class={count ? "due-count some" : "due-count"}>{word("unacknowledged", { count: desk.ledger.known ? count : "–" })}</p>
      <nav aria-label={word("keys")}>
        <span class="who">{word("on-duty")}: {desk.session.name}</span>
        <Sound desk={desk} />
        <Act code="KeyB" onClick={() => turnTheme(desk)}>{word(desk.theme.value === "night" ? "theme.day" : "theme.night")}</Act>
        <Act code="KeyL" onClick={() => void speak(current() === "vi" ? "en" : "vi")}><span lang={current() === "vi" ? "en" : "vi"}>{word("other-language")}</span></Act>
        <Act code="F1" onClick={() => { desk.sheet.value = true; }}>{word("keys")}</Act>
        <Act onClick={() => void signOut().then(() => location.replace("/signin"))}>{word("sign-out")}</Act>
      </nav>
    </header>
  );
}

export function turnTheme(desk: Desk): void {
  desk.theme.value = desk.theme.value === "night" ? "day" : "night";
  try { localStorage.setItem("theme", desk.theme.value); } catch { /* a browser that keeps nothing */ }
}

function Sound({ desk }: { desk: Desk }) {
  const { siren } = desk;
  return (
    <>
      {!siren.allowed.value && <button type="button" class="warning" onClick={() => siren.unblock()} title={word("sound.blocked")}>{word("sound.blocked-short")}</button>}
      {siren.allowed.value && <button type="button" class={siren.on.value ? undefined : "warning"} aria-pressed={siren.on.value} aria-keyshortcuts="M" onClick={() => siren.turn(!siren.on.value)}><kbd aria-hidden="true">M</kbd> {word(siren.on.value ? "sound.on" : "sound.off")}</button>}
      <Act code="KeyT" onClick={() => void siren.test()}>{word(siren.testing.value ? "sound.tested" : "sound.test")}</Act>
    </>
  );
}

/** Nothing stale is ever shown as fresh: since when, and what it means. */
export function Stale({ desk }: { desk: Desk }) {
  if (!desk.stale.value) return null;
  if (desk.line.connection.value === "signed-out") {
    return <div class="stale" role="alert"><strong>{word("signed-out.title")}</strong> <span>{word("signed-out.meaning")}</span> <a href="/signin">{word("sign-in-again")}</a></div>;
  }
  return (
    <div class="stale" role="alert">
      <strong>{word("stale.title", { since: clock(desk.line.heardAt + desk.line.ahead) })}</strong>{" "}
      <span>{word("stale.meaning", { span: span(desk.now.value - desk.line.heardAt - desk.line.ahead) })}</span>
    </div>
  );
}

/** The levels of the law, gravest first, each by colour, shape, number and word; what has none stands apart. */
export function Levels({ desk }: { desk: Desk }) {
  const { levels, outside } = countByLevel(desk.queues.value.inForce);
  const known = desk.ledger.known;
  return (
    <section class="levels" aria-label={word("levels.title")}>
      <h2>{word("levels.title")}</h2>
      <ul>
        {[5, 4, 3, 2, 1].map((level) => (
          <li key={level} class={levels[level] ? `some ${paint({ severity: "Unknown", risk_level: level, risk_computed: false })}` : ""}>
            <span class="mark"><span aria-hidden="true">{shapeOfLevel(level)}</span> {level}</span> {word(`level.${level}`)} <b class="figures">{known ? levels[level] : "–"}</b>
          </li>
        ))}
        <li class={outside ? "some outside" : "outside"}>{word("levels.outside")} <b class="figures">{known ? outside : "–"}</b></li>
      </ul>
    </section>
  );
}
