// Acknowledgement and escalation of recipients, as docs/acknowledging.md has it.

import type { Delivery } from "./client";

export interface Call { owner: string; contact_id: string; name: string; post: string; phone: string }

export interface Asking {
  escalation_id: string; alert_id: string; owner: string; owner_name: string; state: "waiting" | "acknowledged" | "ended";
  ack_due_at: string; overdue: boolean; due_at: string | null; due_to: string; policy: string; step: number; steps: number;
  fired: { n: number; to: string; fired_at: string; calls: Call[] }[];
}

export interface EscalationList { now: string; escalations: Asking[] }

export interface Ack { ack_id: string; at: string; how: string; by: string; recorded_by: string; note: string; first: boolean }

/** A delivery with what its recipient was asked to confirm; absent where the hub does not ask. */
export type Owed = Delivery & Partial<{ owner: string; ack_min: number; ack_due_at: string | null; acks: Ack[]; ack: "none" | "waiting" | "overdue" | "acknowledged" | "ended" }>;
