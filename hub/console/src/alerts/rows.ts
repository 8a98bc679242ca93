// The two queues, pure: which rows there are, in which order, and how each stands. One row is one head of a chain, or its last word.

import type { Alert } from "../api/client";
import type { Desk } from "../live/frames";
import { gravity } from "./level";
import { fold } from "./fold";

export type Ending = "" | "expired" | "cancelled" | "ended" | "all-clear" | "superseded";

export interface Row {
  /** Stays the same while the chain goes on, so that a new version changes the row in its place. */
  key: string;
  alert: Alert;
  ending: Ending;
  /** Why a person is needed: it waits for a decision, or nobody at the desk has acknowledged it. */
  needs: "" | "decision" | "ack";
  /** Further alerts of the same incident that this row stands for. */
  others: readonly Alert[];
  /** An earlier version was acknowledged and this one is no graver: it sounds once, and waits in the list. */
  again: boolean;
}

/** `inForce` are all alerts in force, however rows stand for several. Until `until` (ms) the clock alone changes nothing. */
export interface Queues { needs: Row[]; force: Row[]; over: Row[]; inForce: Alert[]; until: number }

const OVER_FOR_MS = 60 * 60_000;
export const FLOOD = 10;
export const FLOOD_WITHIN_MS = 10 * 60_000;

export interface Asked { now: number; desk: ReadonlyMap<string, Desk>; grouped: boolean }

/** The queues of this moment. */
export function queues(alerts: Iterable<Alert>, { now, desk, grouped }: Asked): Queues {
  const chains = new Map<string, Alert[]>();
  const needs: Row[] = [];
  for (const alert of alerts) {
    if (alert.held_until) { needs.push({ key: alert.id, alert, ending: "", needs: "decision", others: [], again: false }); continue; }
    if (alert.state === "none") continue;
    const key = alert.chain_id ?? alert.id;
    const chain = chains.get(key);
    if (chain) chain.push(alert); else chains.set(key, [alert]);
  }
  const force: Row[] = [];
  const over: Row[] = [];
  const inForce: Alert[] = [];
  let until = Infinity;
  for (const [chain, versions] of chains) {
    const heads = versions.filter((one) => one.state === "active" && Date.parse(one.live_until) > now);
    if (heads.length) {
      const before = versions.filter((one) => desk.has(one.id)).reduce((most, one) => Math.max(most, gravity(one)), -1);
      heads.sort((a, b) => a.seq - b.seq).forEach((alert, at) => {
        inForce.push(alert);
        until = Math.min(until, Date.parse(alert.live_until));
        const row: Row = { key: at ? `${chain}#${alert.id}` : chain, alert, ending: "", needs: desk.has(alert.id) ? "" : "ack", others: [], again: gravity(alert) <= before };
        (row.needs ? needs : force).push(row);
      });
    } else {
      const row = ended(chain, versions, now);
      if (!row) continue;
      over.push(row);
      until = Math.min(until, endedAt(row, versions) + OVER_FOR_MS);
    }
  }
  const listed = grouped ? { needs: byIncident(needs), force: byIncident(force) } : { needs, force };
  return {
    needs: listed.needs.sort((a, b) => gravity(b.alert) - gravity(a.alert) || since(a) - since(b) || a.alert.seq - b.alert.seq),
    force: listed.force.sort((a, b) => gravity(b.alert) - gravity(a.alert) || b.alert.seq - a.alert.seq),
    over: over.sort((a, b) => b.alert.seq - a.alert.seq),
    inForce,
    until,
  };
}

function since(row: Row): number { return Date.parse(row.alert.received_at); }

/** The last word of a chain that is over, for an hour. */
function ended(key: string, versions: Alert[], now: number): Row | null {
  const last = versions.reduce((a, b) => ((b.chain_seq ?? 0) >= (a.chain_seq ?? 0) ? b : a));
  const said = versions.filter((one) => one.state !== "cancels" && one.state !== "ends").sort((a, b) => (b.chain_seq ?? 0) - (a.chain_seq ?? 0))[0];
  const alert = said ?? last;
  const ending: Ending = last.state === "cancels" || alert.state === "cancelled" ? "cancelled" : last.state === "ends" || alert.state === "ended" ? "ended" : "expired";
  const row: Row = { key, alert, ending, needs: "", others: [], again: false };
  return now - endedAt(row, versions) >= OVER_FOR_MS ? null : row;
}

function endedAt({ alert, ending }: Row, versions: Alert[]): number {
  return ending === "expired" ? Date.parse(alert.live_until) : Math.max(...versions.map((one) => Date.parse(one.received_at)));
}

/** One row for each incident, its gravest alert in front; nothing is hidden, the row says how many it stands for. */
function byIncident(rows: Row[]): Row[] {
  const first = new Map<string, Row>();
  for (const row of rows) {
    const key = row.needs === "decision" ? row.key : (row.alert.incident_id ?? row.key);
    const known = first.get(key);
    if (!known) { first.set(key, { ...row, others: [] }); continue; }
    const graver = gravity(row.alert) > gravity(known.alert);
    const others = known.others as Alert[];
    others.push(graver ? known.alert : row.alert);
    first.set(key, { ...(graver ? row : known), others, again: known.again && row.again });
  }
  return [...first.values()];
}

/** How many alerts these rows stand for. */
export function countOf(rows: readonly Row[]): number { return rows.reduce((sum, row) => sum + 1 + row.others.length, 0); }

/** Everything by which a row is found. */
export function searchable(alert: Alert): string {
  return fold([alert.event, alert.headline, ...alert.areaDesc, alert.source, alert.sender, alert.identifier].join(" "));
}

/** Whether so many came so fast that they are grouped by incident. `arrivals` are times in ms. */
export function isFlood(arrivals: readonly number[], now: number): boolean {
  return arrivals.filter((at) => now - at < FLOOD_WITHIN_MS).length > FLOOD;
}
