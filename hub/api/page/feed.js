// The live feed as the page sees it: what is known, since when, and whether it can still be believed.

import { read } from "/page/read.js";

const HEARD_TOO_LONG_AGO_MS = 15000;
const SIGNED_OUT = 4401;
const HEADS = ["active", "cancels", "ends"];

export class Feed extends EventTarget {
  alerts = new Map();   // id -> summary
  sources = new Map();  // name -> state
  known = false;        // false until the first snapshot: then "no alert" is a fact, before it is ignorance
  connection = "connecting";
  last = 0;             // seq of the last alert frame of this filter
  resume = null;        // where to go on after a broken connection
  gaps = 0;
  epoch = "";           // whose seqs those are: a hub restored from a backup gives them anew
  revs = new Map();
  heard = performance.now();
  heardAt = Date.now();
  ahead = 0;            // hub's clock minus this machine's, in ms
  #delay = 500;
  #unsettled = new Map(); // chain -> its newest alert, while the states of its other versions are to be read
  #settling = false;

  now() { return Date.now() + this.ahead; }

  isStale() { return performance.now() - this.heard > HEARD_TOO_LONG_AGO_MS; }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const after = this.resume === null ? "" : `?after=${this.resume}&epoch=${this.epoch}`;
    const socket = new WebSocket(`${scheme}//${location.host}/v1/live${after}`);
    const opened = performance.now();
    const over = (code) => {
      clearInterval(deaf);
      socket.onmessage = socket.onclose = null;
      socket.close();
      if (code === SIGNED_OUT) return this.#ended();
      this.connection = "lost";
      this.#changed("connection");
      setTimeout(() => this.#again(), this.#delay * (0.5 + Math.random()));
      this.#delay = Math.min(this.#delay * 2, 10000);
    };
    // A dead line gives no close event for minutes: give it up after the same silence that makes the page stale.
    const deaf = setInterval(() => {
      if (this.isStale() && performance.now() - opened > HEARD_TOO_LONG_AGO_MS) over(0);
    }, 1000);
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = (event) => over(event.code);
  }

  // A refused handshake does not say why: ask whether the sign-in still stands before knocking again.
  async #again() {
    try {
      const answer = await fetch("/v1/session", { cache: "no-store" });
      if (answer.status === 401) return this.#ended();
    } catch { /* the hub does not answer at all: knock again */ }
    this.connection = "connecting";
    this.connect();
  }

  #ended() {
    this.connection = "signed-out";
    this.#changed("connection");
  }

  #hear(frame) {
    this.heard = performance.now();
    this.heardAt = Date.now();
    if (frame.time) this.ahead = Date.parse(frame.time) - Date.now();
    const step = { hello: this.#hello, snapshot: this.#snapshot, alert: this.#alert, live: this.#live, state: this.#state, heartbeat: this.#heartbeat }[frame.frame];
    if (step) step.call(this, frame);
    this.#changed(frame.frame);
  }

  #hello(frame) { this.epoch = frame.epoch; }

  #snapshot(frame) {
    this.alerts = new Map(frame.alerts.map((alert) => [alert.id, alert]));
    this.sources = new Map(frame.sources.map((source) => [source.source, source]));
    this.last = frame.last;
    this.resume = frame.seq;
    this.known = true;
  }

  #alert(frame) {
    if (this.connection === "live" && frame.prev !== this.last) this.#gap();
    this.#take(frame.alert);
    this.last = this.resume = frame.seq;
  }

  #live(frame) {
    this.last = frame.last;
    this.resume = frame.seq;
    this.connection = "live";
    this.#delay = 500;
  }

  #heartbeat(frame) {
    if (this.connection !== "live" || frame.last === this.last) return;
    this.#gap();
    this.last = frame.last;
  }

  #state(frame) {
    const name = `${frame.object} ${frame.id}`;
    if ((this.revs.get(name) ?? 0) > frame.rev) return;
    this.revs.set(name, frame.rev);
    if (frame.object === "source") this.sources.set(frame.id, frame.body);
    if (frame.object === "deliveries") this.dispatchEvent(new CustomEvent("deliveries", { detail: frame.id }));
  }

  // The newest version of a chain is its head; what it replaces is over. What comes late or is held replaces nothing.
  #take(alert) {
    this.alerts.set(alert.id, alert);
    if (!HEADS.includes(alert.state) || !alert.chain_id || alert.msgType === "Alert") return;
    for (const known of this.alerts.values()) {
      const older = known.chain_id === alert.chain_id && known.chain_seq < alert.chain_seq;
      if (older && known.id !== alert.id && known.state === "active") known.state = "superseded";
    }
    this.#unsettled.set(alert.chain_id, alert.id);
    this.#settle();
  }

  // A chain may have several heads, and two chains may have become one: how each version stands, the hub says.
  async #settle() {
    if (this.#settling) return;
    this.#settling = true;
    for (const [chain, id] of this.#unsettled) {
      this.#unsettled.delete(chain);
      const told = await read(`/v1/alerts/${encodeURIComponent(id)}`);
      for (const version of told?.chain ?? []) {
        const known = this.alerts.get(version.id);
        if (known) Object.assign(known, { state: version.state, superseded_by: version.superseded_by });
      }
      this.#changed("alert");
    }
    this.#settling = false;
  }

  // The alert as the hub knows it now, whatever the feed has told; false when the hub did not say.
  async reread(id) {
    const told = await read(`/v1/alerts/${encodeURIComponent(id)}`);
    if (!told) return false;
    this.#take(told.alert);
    this.#changed("alert");
    return true;
  }

  // Something was missed: read it again from the last place that is sure, and count it.
  async #gap() {
    this.gaps += 1;
    console.warn("feed.gap", this.last);
    let after = Math.max(0, this.last);
    for (let page = 0; page < 100; page += 1) {
      const answer = await fetch(`/v1/events?after=${after}&limit=500`, { cache: "no-store" });
      if (!answer.ok) return;
      const told = await answer.json();
      for (const event of told.events) this.#take(event.alert);
      if (told.next === after) break;
      after = told.next;
    }
    this.#changed("alert");
  }

  #changed(what) { this.dispatchEvent(new CustomEvent("change", { detail: what })); }
}
