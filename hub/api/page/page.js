// The plain page: alerts in force and over on the left, one alert with its deliveries, repairs and reasons on the right.

import { Feed } from "/page/feed.js";
import { element, rows } from "/page/draw.js";
import { Confirming } from "/page/confirming.js";
import { Detail } from "/page/detail.js";
import { Held, waits } from "/page/held.js";
import { gravest, level } from "/page/level.js";
import { Sources, stateOf, summary } from "/page/sources.js";
import { clock, fold, left, load, named, other, time, when, word } from "/page/words.js";

const MOST_OVER = 100;

const feed = new Feed();
const confirming = new Confirming(feed);
const detail = new Detail(document.getElementById("detail-title"), document.getElementById("detail-body"), confirming);
const held = new Held(document.getElementById("held"), feed);
const sources = new Sources(document.getElementById("health-body"), feed);
const byId = (id) => document.getElementById(id);
let chosen = location.hash.slice(1);

function ending(alert) {
  if (alert.state === "active") return feed.now() < Date.parse(alert.live_until) ? "" : "expired";
  return alert.state === "none" ? alert.disposition : alert.state;
}

function matches(alert, words) {
  const text = fold([alert.event, alert.headline, ...alert.areaDesc, alert.source, alert.sender].join(" "));
  return words.every((part) => text.includes(part));
}

function row(alert) {
  const over = ending(alert);
  const rest = over ? named("state", over) : word("remaining", { left: left(Date.parse(alert.live_until) - feed.now()) });
  const marks = alert.flags.length || alert.repairs ? ` · ${word("marks", { repairs: alert.repairs, flags: alert.flags.length })}` : "";
  const gone = alert.withdrawn_at ? ` · ${word("withdrawn")}` : "";
  return element("button", { type: "button", class: `row ${alert.severity}`, "data-id": alert.id, "aria-current": String(alert.id === chosen) }, [
    element("span", { class: "level" }, [level(alert)]),
    element("span", { lang: alert.language }, [alert.headline || alert.event || alert.identifier]),
    element("span", { class: "soft" }, [alert.areaDesc.slice(0, 4).join(", ")]),
    element("span", { class: "soft" }, [`${when(alert.sent)} · ${alert.source} · ${rest}${marks}${gone}`]),
  ]);
}

function drawList() {
  const words = fold(byId("search").value).split(/\s+/).filter(Boolean);
  const fitting = [...feed.alerts.values()].filter((alert) => !waits(alert) && matches(alert, words));
  const active = fitting.filter((alert) => !ending(alert)).sort(gravest);
  const over = fitting.filter((alert) => ending(alert)).sort((a, b) => b.seq - a.seq).slice(0, MOST_OVER);
  rows(byId("active"), active.map(row));
  rows(byId("over"), over.map(row));
  const nothing = active.length ? "" : words.length && feed.known ? word("none-found") : silence();
  if (byId("nothing").textContent !== nothing) byId("nothing").textContent = nothing;
}

// What an empty list means: nothing warned of, nothing warned of by those that can be read, or nothing known.
function silence() {
  const read = [...feed.sources.values()].filter((source) => source.state !== "off");
  const live = read.filter((source) => stateOf(source, feed.now()) === "live").length;
  if (!feed.known || (read.length && !live)) return word("no-data");
  return live === read.length ? word("no-alert") : word("no-alert-from", { live, all: read.length });
}

function drawHead() {
  const stale = feed.isStale() || feed.connection === "signed-out";
  document.body.classList.toggle("stale-now", stale);
  byId("stale").hidden = !stale;
  const banner = feed.connection === "signed-out" ? word("signed-out-banner") : word("stale-banner", { since: time(feed.heardAt) });
  if (stale && byId("stale").textContent !== banner) byId("stale").textContent = banner;
  const state = word(`connection.${feed.connection}`);
  if (byId("connection").textContent !== state) byId("connection").textContent = state;
  byId("clock").textContent = clock(feed.now());
  const health = feed.known ? summary([...feed.sources.values()], feed.now()) : word("sources-unknown");
  if (byId("sources").textContent !== health) byId("sources").textContent = health;
}

function draw() {
  drawHead();
  held.draw();
  drawList();
}

async function choose(id) {
  chosen = id;
  history.replaceState(null, "", id ? `#${id}` : location.pathname);
  drawList();
  await detail.show(id);
  byId("detail").focus({ preventScroll: true });
  if (matchMedia("(max-width: 48rem)").matches) byId("detail").scrollIntoView({ block: "start" });
}

async function start() {
  await load();
  const answer = await fetch("/v1/session", { cache: "no-store" });
  if (answer.status === 401) return location.replace("/signin");
  if (answer.ok) {
    const { name, may } = await answer.json();
    byId("who").textContent = name;
    held.may = may.includes("alert.release");
    confirming.may = may.includes("alert.ack");
    byId("health").hidden = !may.includes("source.read");
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-id]");
    if (button) choose(button.dataset.id);
  });
  byId("search").addEventListener("input", drawList);
  byId("language").addEventListener("click", async () => { await other(); held.reword(); sources.draw(); draw(); await detail.show(chosen); });
  byId("signout").addEventListener("click", async () => { await fetch("/v1/session", { method: "DELETE" }); location.replace("/signin"); });
  feed.addEventListener("change", (event) => (event.detail === "heartbeat" ? drawHead() : draw()));
  feed.addEventListener("deliveries", (event) => { if (event.detail === chosen) detail.refresh(); });
  byId("health").addEventListener("toggle", () => { sources.changed(); sources.tick(); });
  feed.addEventListener("change", (event) => { if (event.detail === "state") sources.changed(); });
  setInterval(() => { drawHead(); held.tick(); confirming.tick(); sources.tick(); }, 1000);
  setInterval(drawList, 30000);
  feed.connect();
  draw();
  if (chosen) await detail.show(chosen);
}

start();
