// Every source: its state, the reason in words, since when; told again each 15 s and when the feed says that something changed.

import { element, table } from "/page/draw.js";
import { read } from "/page/read.js";
import { countdown, current, left, when, word } from "/page/words.js";

const AGAIN_MS = 15000;
const MARKS = { live: "●", doubtful: "◐", late: "◔", silent: "◌", failing: "✕", "wrong-content": "✕", off: "–", new: "○" };

// The state as it is now: a source not read in its rhythm is late, also when nobody is left to say so.
export function stateOf(source, now) {
  const overdue = source.late_at && ["live", "silent"].includes(source.state) && now > Date.parse(source.late_at);
  return overdue ? "late" : source.state;
}

function troubled(source) { return source.doubts.length > 0 || source.certificate_soon; }

// The line of the header: how many are well, then each that is not, with its state.
export function summary(sources, now) {
  const on = sources.filter((source) => source.state !== "off");
  const states = on.map((source) => [source, stateOf(source, now)]);
  const well = states.filter(([, state]) => state === "live").length;
  const bad = states.filter(([source, state]) => state !== "live" || troubled(source))
    .map(([source, state]) => `${source.source}: ${word(`source.${state === "live" ? "doubtful" : state}`)}`);
  return [word("sources", { live: well, all: on.length }), ...bad].join(" · ");
}

export class Sources {
  #readAt = -Infinity;
  #reading = false;
  #known = null;        // null until the hub has answered: then "no source" is a fact, before it is ignorance
  #old = false;

  constructor(body, feed) {
    this.body = body;
    this.feed = feed;
  }

  changed() { this.#readAt = Math.min(this.#readAt, performance.now() - AGAIN_MS + 1000); }

  async tick() {
    if (!this.body.parentNode.open || this.#reading || performance.now() - this.#readAt < AGAIN_MS) return;
    this.#reading = true;
    const told = await read("/v1/sources");
    this.#reading = false;
    this.#readAt = performance.now();
    this.#old = !told;
    if (told) this.#known = told.sources;
    this.draw();
  }

  draw() {
    if (this.#known === null) return this.body.replaceChildren(element("p", {}, [word("sources-unknown")]));
    const heads = ["source", "state", "success", "change", "rhythm"].map((name) => word(`source-col.${name}`));
    const shown = table(word("sources-title"), heads, this.#known.map((source) => this.#line(source)));
    this.body.replaceChildren(...(this.#old ? [element("p", { class: "fault" }, [word("sources-old")])] : []), shown);
  }

  #line(source) {
    const now = this.feed.now();
    const state = stateOf(source, now);
    const shown = state === "live" && troubled(source) ? "doubtful" : state;
    const told = state === source.state ? source.told[current()] : word("source.overdue");
    const said = [state === "live" ? "" : told, ...source.doubts.map((doubt) => doubt.told[current()]), source.certificate_told?.[current()]];
    const lines = said.filter(Boolean).map((text) => element("div", {}, [text]));
    const faults = source.faults.slice(0, 3).map((fault) => element("div", { class: "soft" }, [fault]));
    const age = (moment) => (moment ? `${when(moment)} (${word("ago", { left: left(now - Date.parse(moment)) })})` : word("never"));
    const rhythm = [countdown(source.interval_s * 1000), source.silent_after_s ? word("silent-after", { left: left(source.silent_after_s * 1000) }) : ""];
    const ends = source.certificate_expires_at ? word("certificate-until", { when: when(source.certificate_expires_at) }) : "";
    return [
      source.source,
      element("div", {}, [element("strong", { class: `state ${shown}` }, [`${MARKS[shown] ?? ""} ${word(`source.${shown}`)}`]), ...lines, ...faults]),
      age(source.last_success_at),
      age(source.last_change_at),
      source.interval_s ? [...rhythm, ends].filter(Boolean).join("; ") : "—",
    ];
  }
}
