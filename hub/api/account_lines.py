"""The account in sentences: what the record holds about an alert, in the words of the dictionaries. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from hub.words import VIETNAM, Words


@dataclass(frozen=True)
class Account:
    """What the record holds about one alert at the moment `at`. Times are instants, `names` are of people by their label."""

    at: datetime
    hub: str
    mode: str
    alert: Mapping[str, Any]
    known: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]] = ()
    events: Sequence[Mapping[str, Any]] = ()
    versions: Sequence[Mapping[str, Any]] = ()
    alarms: Sequence[Mapping[str, Any]] = ()
    told: Sequence[Mapping[str, Any]] = ()
    untold: Sequence[Mapping[str, Any]] = ()
    rules: Sequence[Mapping[str, Any]] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    head: Any = None
    restored_at: str = ""


def lines_of(account: Account, words: Words, language: str) -> dict[str, Any]:
    """The account: title, how it was drawn up, four questions each with its sentences and its facts, and the proof."""
    say = _Say(account, words, language)
    facts = (
        {"alert": account.alert, **account.known},
        {"entries": account.entries, "events": account.events, "versions": account.versions, "alarms": account.alarms},
        {"deliveries": account.told},
        {"deliveries": account.untold, "rules": account.rules},
    )
    answered = (say.known(), say.decided(), say.told(), say.untold())
    keys = ("known", "decided", "told", "untold")
    return {
        "title": say("title", identifier=account.alert["identifier"]),
        "mode": words.say(f"mode.{account.mode}", language) if account.mode != "actual" else "",
        "drawn": say("drawn", at=say.at(account.at), hub=account.hub),
        "questions": [
            {"id": key, "question": say(key), "lines": list(lines) or [say("nothing")], "facts": fact}
            for key, lines, fact in zip(keys, answered, facts, strict=True)
        ],
        "proof": list(say.proof()),
        "head": account.head,
    }


class _Say:
    """The sentences of one account in one language."""

    def __init__(self, account: Account, words: Words, language: str) -> None:
        self._account = account
        self._words = words
        self._language = language

    def __call__(self, key: str, **values: object) -> str:
        return self._words.say(f"account.{key}", self._language, **values)

    def word(self, group: str, code: object) -> str:
        """The word for a code of that group; the code itself when there is none: an inquiry needs what stands there."""
        key = f"account_{group}.{code}"
        return self._words.say(key, self._language) if key in self._words.texts[self._language] else str(code)

    def at(self, moment: Any) -> str:
        """An instant to the second, in local time; a word when there is none."""
        if moment is None:
            return self("never")
        local = moment.astimezone(VIETNAM)
        return self(
            "at", time=f"{local:%H:%M:%S}", day=f"{local:%d/%m/%Y}" if self._language == "vi" else f"{local:%Y-%m-%d}"
        )

    def who(self, label: object) -> str:
        name = self._account.names.get(str(label), "")
        return f"{name} ({label})" if name else str(label)

    def known(self) -> Iterator[str]:
        alert, known = self._account.alert, self._account.known
        yield self(
            "received",
            at=self.at(known["received_at"]),
            source=known["source"],
            sender=alert["sender"],
            identifier=alert["identifier"],
            sent=self.at(alert["sent"]),
        )
        if known["size"] is None:
            yield self("no_bytes", sha256=known["sha256"])
        else:
            yield self("bytes", size=known["size"], type=known["content_type"], sha256=known["sha256"])
        if known["url"]:
            yield self("url", url=known["url"])
        yield self(
            "content",
            msg_type=self.word("msg_type", alert["msgType"]),
            headline=alert["headline"] or alert["event"],
            severity=self._words.say(f"severity.{alert['severity'] or 'Unknown'}", self._language),
            area="; ".join(alert["areaDesc"]),
            until=self.at(alert["live_until"]),
        )
        yield self("signature_is", verdict=self.word("signature", known["provenance"].get("signature", "not-checked")))
        for one in known["repairs"]:
            yield self(
                "repaired",
                code=one["code"],
                where=one["path"],
                before=one.get("before", ""),
                after=one.get("after", ""),
                sure=self("sure" if one.get("certain", True) else "unsure"),
            )
        if alert["flags"]:
            yield self("flags", flags=", ".join(alert["flags"]))

    def decided(self) -> Iterator[str]:
        for one in self._account.entries:
            body = one["body"] if isinstance(one["body"], dict) else {}
            yield self(
                "entry",
                n=one["n"],
                at=self.at(one["at"]),
                act=self.word("act", one["act"]),
                who=self.who(one["who"]),
                outcome=self.word("disposition", body.get("disposition", "")),
                reason=body.get("reason", "") or self("no_reason"),
            )
        for one in self._account.events:
            key = "routed" if one["routed_at"] is not None else "unrouted"
            values = {"rev": one["rules_rev"], "matched": one["matched"]} if key == "routed" else {}
            yield self(key, seq=one["seq"], at=self.at(one["at"]), routed=self.at(one["routed_at"]), **values)
        for one in self._account.versions:
            yield self(
                "version",
                number=one["chain_seq"] or 0,
                msg_type=self.word("msg_type", one["msgType"]),
                sent=self.at(one["sent"]),
                outcome=self.word("disposition", one["disposition"]),
                state=self.word("state", one["state"]),
                this=self("this_one") if one["id"] == self._account.alert["id"] else "",
            )
        for one in self._account.alarms:
            yield self(
                "alarm",
                kind=one["kind"],
                opened=self.at(one["opened_at"]),
                closed=self.at(one["closed_at"]),
                detail=one["detail"],
            )

    def told(self) -> Iterator[str]:
        for row in self._account.told:
            yield self(
                "arrived",
                **self._owed(row),
                at=self.at(row["delivered_at"]),
                tries=row["attempts"],
                confirmed=self("confirmed", who=self.who(row["acknowledged_by"]), at=self.at(row["acknowledged_at"]))
                if row["acknowledged_at"] is not None
                else self("unconfirmed"),
            )
            yield from self._tries(row)

    def untold(self) -> Iterator[str]:
        for row in self._account.untold:
            yield self(
                "not_arrived",
                **self._owed(row),
                state=self.word("delivery", row["state"]),
                outcome=row["outcome"] or self("no_reason"),
                by=self("by", what=row["ended_by"]) if row["ended_by"] else "",
            )
            yield from self._tries(row)
        for rule in self._account.rules:
            yield self(
                "rule_hit" if rule["matched"] else "rule_miss",
                endpoint=rule["endpoint_id"],
                rule=rule["subscription_id"],
                version=rule["version"],
                rev=rule["rules_rev"],
                body=msgspec.json.encode(rule["body"]).decode(),
                why=rule["reason"]
                if rule["matched"]
                else f"{self.word('condition', rule['condition'])} ({rule['detail']})",
            )

    def proof(self) -> Iterator[str]:
        if self._account.restored_at:
            yield self("restored", at=self._account.restored_at)
        head = self._account.head
        if head is None:
            yield self("no_head")
            return
        yield self("head", n=head.audit_n, hash=head.audit_hash, public=head.key)
        yield self("signature_value", signature=head.signature)

    def _owed(self, row: Mapping[str, Any]) -> dict[str, object]:
        return {
            "endpoint": row["endpoint_id"],
            "owner": row["owner"] or self("nobody"),
            "channel": row["channel"],
            "event": self._words.say(f"event.{row['event_type'].partition('.')[2]}", self._language),
            "owed": self.at(row["created_at"]),
            "reason": row["reason"],
        }

    def _tries(self, row: Mapping[str, Any]) -> Iterator[str]:
        for one in row["tries"]:
            yield self(
                "try",
                n=one["n"],
                began=self.at(one["began_at"]),
                ended=self.at(one["ended_at"]),
                outcome=self.word("outcome", one["outcome"]),
                detail=" ".join(str(part) for part in (one["status"], one["detail"]) if part),
            )
