// What the hub answers, typed by its own OpenAPI document. Never from a cache; a refusal is a value, not an exception.

import type { paths, components } from "./schema";

export type Schemas = components["schemas"];
export type Alert = Schemas["Summary"];
export type Whole = Schemas["AlertWhole"];
export type Delivery = Schemas["Delivery"];
export type Source = Schemas["SourceTold"];
export type Gauge = Schemas["GaugeTold"];
export type About = Schemas["About"];
export type Session = Schemas["Session"];
export type Why = Schemas["Why"];
export type OnMap = Schemas["AlertOnMap"];
export type Version = Schemas["Version"];
export type Severity = Alert["severity"];

type Readable = { [P in keyof paths]: paths[P] extends { get: { responses: { 200: { content: { "application/json": unknown } } } } } ? P : never }[keyof paths];
type Answer<P extends Readable> = paths[P] extends { get: { responses: { 200: { content: { "application/json": infer Body } } } } } ? Body : never;

export interface Refusal { status: number; code: string }
export type Told<Body> = { ok: true; body: Body } | { ok: false; refusal: Refusal };

const WITHIN_MS = 15_000;

/** The answer to GET `path`, with {gaps} filled and a query. */
export async function get<P extends Readable>(path: P, gaps: Record<string, string> = {}, query: Record<string, string | number | boolean> = {}): Promise<Told<Answer<P>>> {
  return ask<Answer<P>>(address(path, gaps, query), { cache: "no-store" });
}

/** The answer to a POST; `status` 0 means that nobody answered, so nobody knows whether it was done. */
export async function post<Body>(path: string, gaps: Record<string, string>, body: unknown): Promise<Told<Body>> {
  return ask<Body>(address(path, gaps, {}), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** GET of an address that may not exist on this hub. */
export async function getLoosely<Body>(where: string): Promise<Told<Body>> {
  return ask<Body>(where, { cache: "no-store" });
}

export async function signOut(): Promise<void> {
  await fetch("/v1/session", { method: "DELETE" }).catch(() => undefined);
}

function address(path: string, gaps: Record<string, string>, query: Record<string, string | number | boolean>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(gaps[name] ?? ""));
  const asked = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return asked ? `${filled}?${asked}` : filled;
}

async function ask<Body>(where: string, init: RequestInit): Promise<Told<Body>> {
  try {
    const answer = await fetch(where, { ...init, signal: AbortSignal.timeout(WITHIN_MS) });
    if (answer.ok) return { ok: true, body: (answer.status === 204 ? null : await answer.json()) as Body };
    const told = (await answer.json().catch(() => ({}))) as { code?: string };
    return { ok: false, refusal: { status: answer.status, code: told.code ?? "no-answer" } };
  } catch {
    return { ok: false, refusal: { status: 0, code: "no-answer" } };
  }
}
