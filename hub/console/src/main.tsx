// The console begins: who is asking, what hub this is, in which language; then the desk runs.

import { render } from "preact";
import "./style/fonts.css";
import "./style/console.css";
import { get } from "./api/client";
import { Desk, type Theme } from "./desk";
import { wear } from "./style/colours";
import { App } from "./views/app";
import { speakAsBefore, word } from "./words/words";

const AGAIN_AFTER_MS = 3000;
const root = document.getElementById("console")!;

async function begin(): Promise<void> {
  await speakAsBefore();
  const [session, about] = await Promise.all([get("/v1/session"), get("/v1/console")]);
  if (!session.ok && session.refusal.status === 401) { location.replace("/signin"); return; }
  if (!session.ok || !about.ok) {
    render(<main class="alone"><h1>{word("title")}</h1><p role="alert">{word("none.unknown")}</p></main>, root);
    setTimeout(() => void begin(), AGAIN_AFTER_MS);
    return;
  }
  wear(about.body);
  const desk = new Desk(about.body, session.body);
  desk.theme.value = rememberedTheme();
  const asked = location.hash.slice(1);
  if (asked) desk.choose(asked);
  Object.assign(globalThis, { desk }); // what the tests ask: the sound's state, the ledger's gaps
  desk.start();
  root.replaceChildren();
  render(<App desk={desk} />, root);
}

function rememberedTheme(): Theme {
  try { return localStorage.getItem("theme") === "day" ? "day" : "night"; } catch { return "night"; }
}

void begin();
