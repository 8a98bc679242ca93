// The frames of WS /v1/live, as hub/api/feed.py describes them.

import type { Alert, Source } from "../api/client";

export type Counts = Record<string, number>;
export interface Desk { acknowledged_at: string; by: string; name: string }

export type Frame =
  | { frame: "hello"; hub: string; mode: string; epoch: string; time: string; heartbeat_s: number; stale_s: number }
  | { frame: "snapshot"; seq: number; last: number; alerts: Alert[]; sources: Source[] }
  | { frame: "alert"; seq: number; prev: number; kind: string; id: string; alert: Alert }
  | { frame: "live"; seq: number; last: number }
  | { frame: "state"; object: "source"; id: string; rev: number; body: Source }
  | { frame: "state"; object: "deliveries"; id: string; rev: number; body: Counts }
  | { frame: "state"; object: "desk"; id: string; rev: number; body: Desk }
  | { frame: "heartbeat"; time: string; seq: number; last: number; recent: string[] };
