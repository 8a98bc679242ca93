// What a bulletin says otherwise than the one before it. Pure.

import type { Whole } from "../api/client";

export interface Change { field: string; before: string; after: string }

interface CapInfo {
  language?: string; event?: string; headline?: string; description?: string; instruction?: string;
  severity?: string; urgency?: string; certainty?: string; onset?: string; expires?: string;
  area?: { areaDesc?: string }[]; parameter?: { valueName?: string; value?: string }[];
}

export function infosOf(whole: Whole): CapInfo[] { return (whole.cap["info"] as CapInfo[] | undefined) ?? []; }

/** The info people read first: the first in the language, else the first. */
export function infoFor(whole: Whole, language: string): CapInfo | undefined {
  const infos = infosOf(whole);
  return infos.find((info) => (info.language ?? "").toLowerCase().startsWith(language)) ?? infos[0];
}

const FIELDS = ["severity", "urgency", "certainty", "onset", "expires", "headline", "description", "instruction"] as const;

/** The fields that changed, in the order in which people read them. */
export function differences(before: Whole, after: Whole, language: string): Change[] {
  const old = infoFor(before, language) ?? {};
  const now = infoFor(after, language) ?? {};
  const changes: Change[] = [];
  const level = [before.alert.risk_level, after.alert.risk_level].map((one) => (one === null ? "" : String(one)));
  if (level[0] !== level[1]) changes.push({ field: "risk_level", before: level[0] ?? "", after: level[1] ?? "" });
  const areas = [old, now].map((info) => (info.area ?? []).map((area) => area.areaDesc ?? ""));
  const gone = (areas[0] ?? []).filter((name) => !areas[1]?.includes(name));
  const come = (areas[1] ?? []).filter((name) => !areas[0]?.includes(name));
  if (gone.length || come.length) changes.push({ field: "area", before: gone.join("; "), after: come.join("; ") });
  for (const field of FIELDS) {
    const [was, is] = [old[field] ?? "", now[field] ?? ""];
    if (was !== is) changes.push({ field, before: was, after: is });
  }
  return changes;
}
