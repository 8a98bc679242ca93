// How grave an alert is: always by number or word and shape, colour only besides. Legal levels only where a bulletin gives them.

import type { Alert, Severity } from "../api/client";

export const SEVERITIES: readonly Severity[] = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"];

/** Shapes by disaster-risk level 1–5; readable in greyscale. */
const BY_LEVEL: Record<number, string> = { 1: "○", 2: "◆", 3: "▲", 4: "■", 5: "⬤" };
const BY_SEVERITY: Record<Severity, number> = { Extreme: 4, Severe: 3, Moderate: 2, Minor: 1, Unknown: 0 };

export interface Graded { severity: Severity; risk_level: number | null; risk_computed: boolean }

/** The legal level, or null: one that the hub computes is none. */
export function legalLevel(alert: Graded): number | null {
  return alert.risk_computed ? null : alert.risk_level;
}

export function shape(alert: Graded): string {
  const level = alert.risk_level ?? BY_SEVERITY[alert.severity];
  return BY_LEVEL[level] ?? "◇";
}

/** 0 … 5, for order, sound and the strength of a mark; never shown as a legal level. */
export function gravity(alert: Graded): number {
  return Math.max(alert.risk_level ?? 0, BY_SEVERITY[alert.severity]);
}

/** Which paint: `l1` … `l5` are the law's colours, `s…` ours for what has no legal level. */
export function paint(alert: Graded): string {
  const level = legalLevel(alert);
  return level ? `l${level}` : `s${BY_SEVERITY[alert.severity]}`;
}

export function shapeOfLevel(level: number): string { return BY_LEVEL[level] ?? "◇"; }

export function countByLevel(alerts: Iterable<Alert>): { levels: number[]; outside: number } {
  const levels = [0, 0, 0, 0, 0, 0];
  let outside = 0;
  for (const alert of alerts) {
    const level = legalLevel(alert);
    if (level) levels[level] = (levels[level] ?? 0) + 1;
    else outside += 1;
  }
  return { levels, outside };
}
