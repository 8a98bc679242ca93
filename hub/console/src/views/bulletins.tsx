// The bulletins of a chain, newest first, and what the one shown says otherwise than the one before.

import { useEffect, useState } from "preact/hooks";
import { get, type Version, type Whole } from "../api/client";
import { differences, type Change } from "../alerts/difference";
import type { Desk } from "../desk";
import { when } from "../words/times";
import { current, has, named, word } from "../words/words";
import { Part } from "./detail";

export function Bulletins({ whole, desk }: { whole: Whole; desk: Desk }) {
  const chain = [...whole.chain].sort((a, b) => (a.chain_seq ?? 0) - (b.chain_seq ?? 0));
  const at = chain.findIndex((version) => version.id === whole.alert.id);
  const before = chain[at - 1];
  const changes = useChanges(before, whole);
  const beside = before === undefined ? word("detail.first") : changes === null ? "" : changes.length ? word("detail.changes", { count: changes.length }) : word("detail.no-changes");
  return (
    <Part name="detail.versions" beside={beside}>
      {changes && changes.length > 0 && (
        <dl class="changes">{changes.map((change) => <div key={change.field}><dt>{word(`change.${change.field}`)}</dt><dd><del>{desk.unmarked(shown(change, change.before))}</del> <ins>{desk.unmarked(shown(change, change.after))}</ins></dd></div>)}</dl>
      )}
      <ol class="versions" reversed>
        {chain.map((version, index) => (
          <li key={version.id}>
            <span class="moment">{when(version.sent)}</span> {word("detail.version", { n: index + 1 })} <span class="soft">{named("msgType", version.msgType)} · {named("state", version.state)}</span>{" "}
            {version.id === whole.alert.id ? <span class="soft">({word("detail.now")})</span> : <button type="button" onClick={() => desk.choose(version.id)}>{word("detail.open")}<span class="unseen"> {word("detail.version", { n: index + 1 })}</span></button>}
          </li>
        )).reverse()}
      </ol>
    </Part>
  );
}

function useChanges(before: Version | undefined, whole: Whole): Change[] | null {
  const [changes, setChanges] = useState<Change[] | null>(null);
  useEffect(() => {
    setChanges(null);
    if (!before) return;
    let wanted = true;
    void get("/v1/alerts/{alert_id}", { alert_id: before.id }).then((answer) => { if (wanted && answer.ok) setChanges(differences(answer.body, whole, current())); });
    return () => { wanted = false; };
  }, [before?.id, whole, current()]);
  return changes;
}

function shown(change: Change, value: string): string {
  if (!value) return word("change.nothing");
  if (["onset", "expires"].includes(change.field)) return when(value);
  const name = `${change.field}.${value}`;
  return has(name) ? word(name) : value;
}
