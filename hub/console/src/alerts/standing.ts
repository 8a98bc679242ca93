// The order in which rows stand on the screen. While somebody points at them, reads below or writes, nothing moves: news waits.

import type { Row } from "./rows";

export interface Shown<R> { rows: (R & { gone: boolean })[]; waiting: number }

export class Standing<R extends { key: string } = Row> {
  #order: string[] = [];
  #kept = new Map<string, R>();

  /** The rows in their places. With `still`, rows stay where they were, those that left stay as `gone`, and new ones are only counted. */
  settle(rows: readonly R[], still: boolean): Shown<R> {
    const now = new Map(rows.map((row) => [row.key, row]));
    if (!still) {
      this.#order = rows.map((row) => row.key);
      this.#kept = now;
      return { rows: rows.map((row) => ({ ...row, gone: false })), waiting: 0 };
    }
    const known = new Set(this.#order);
    const shown: (R & { gone: boolean })[] = [];
    for (const key of this.#order) {
      const row = now.get(key) ?? this.#kept.get(key);
      if (!row) continue;
      this.#kept.set(key, row);
      shown.push({ ...row, gone: !now.has(key) });
    }
    return { rows: shown, waiting: rows.reduce((count, row) => count + (known.has(row.key) ? 0 : 1), 0) };
  }
}
