// A list of any length: only the rows in sight are in the document. Rows are of one height, measured, so that 200 % zoom holds.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const BESIDE = 6;

interface Props<R extends { key: string }> {
  rows: readonly R[];
  draw: (row: R) => JSX.Element;
  label: string;
  /** The key of the row to keep in sight when it changes. */
  chosen: string;
  /** Told whether somebody points at, reads further down or has the focus in the list. */
  onStill: (still: boolean) => void;
}

export function Virtual<R extends { key: string }>({ rows, draw, label, chosen, onStill }: Props<R>) {
  const box = useRef<HTMLDivElement>(null);
  const gauge = useRef<HTMLDivElement>(null);
  const busy = useRef({ over: false, focus: false, below: false });
  const [view, setView] = useState({ top: 0, height: 600, row: 76 });

  const measure = (): void => {
    const node = box.current;
    if (!node) return;
    const row = gauge.current?.offsetHeight || 76;
    setView((before) => {
      const top = Math.floor(node.scrollTop / row) * row;
      return before.top === top && before.height === node.clientHeight && before.row === row ? before : { top, height: node.clientHeight, row };
    });
  };
  const tell = (): void => onStill(busy.current.over || busy.current.focus || busy.current.below);

  useLayoutEffect(measure, [rows.length]);
  useEffect(() => {
    const seen = new ResizeObserver(measure);
    if (box.current) seen.observe(box.current);
    if (gauge.current) seen.observe(gauge.current);
    return () => seen.disconnect();
  }, []);
  useEffect(() => {
    const at = rows.findIndex((row) => row.key === chosen);
    const node = box.current;
    if (at < 0 || !node) return;
    const [from, to] = [at * view.row, (at + 1) * view.row];
    if (from < node.scrollTop) node.scrollTop = from;
    else if (to > node.scrollTop + node.clientHeight) node.scrollTop = to - node.clientHeight;
  }, [chosen]);

  const first = Math.max(0, Math.floor(view.top / view.row) - BESIDE);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / view.row) + BESIDE);
  return (
    <div
      class="virtual" ref={box} tabIndex={0} role="group" aria-label={label}
      onScroll={() => { busy.current.below = (box.current?.scrollTop ?? 0) > 4; measure(); tell(); }}
      onPointerEnter={(event) => { if (event.pointerType !== "touch") { busy.current.over = true; tell(); } }}
      onPointerLeave={() => { busy.current.over = false; tell(); }}
      onFocusIn={() => { busy.current.focus = true; tell(); }}
      onFocusOut={() => { busy.current.focus = false; tell(); }}
    >
      <div class="row measure" ref={gauge} aria-hidden="true" />
      <ul style={{ height: `${rows.length * view.row}px` }}>
        {rows.slice(first, last).map((row, at) => (
          <li key={row.key} style={{ transform: `translateY(${(first + at) * view.row}px)` }} aria-setsize={rows.length} aria-posinset={first + at + 1}>{draw(row)}</li>
        ))}
      </ul>
    </div>
  );
}
