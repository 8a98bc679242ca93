// The F1 sheet: every key and what it does.

import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk";
import { SHEET, cap } from "../keys/keys";
import { word } from "../words/words";

export function Sheet({ desk }: { desk: Desk }) {
  const box = useRef<HTMLDialogElement>(null);
  const open = desk.sheet.value;
  useEffect(() => {
    if (open && !box.current?.open) box.current?.showModal();
    if (!open && box.current?.open) box.current.close();
  }, [open]);
  return (
    <dialog ref={box} class="sheet" aria-labelledby="sheet-title" onClose={() => { desk.sheet.value = false; }}>
      <h2 id="sheet-title">{word("help.title")}</h2>
      <dl>{SHEET.map((code) => <div key={code}><dt><kbd>{cap(code)}</kbd></dt><dd>{word(`key.${code}`)}</dd></div>)}</dl>
      <p class="soft">{word("help.telex")}</p>
      <button type="button" onClick={() => { desk.sheet.value = false; }}>{word("help.close")}</button>
    </dialog>
  );
}
