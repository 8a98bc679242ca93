// The frame of the map: loaded after the lists stand, and the lists never wait for it.

import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api/client";
import type { Desk } from "../desk";
import { word } from "../words/words";

type Atlas = InstanceType<(typeof import("../map/atlas"))["Atlas"]>;

export function MapFrame({ desk }: { desk: Desk }) {
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"loading" | "there" | "none">("loading");
  const atlas = useRef<Atlas | null>(null);
  useEffect(() => {
    let stop: (() => void) | undefined;
    let left = false;
    void Promise.all([import("../map/atlas"), get("/v1/map/units")]).then(([module, units]) => {
      if (left || !box.current) return;
      if (!units.ok) { setState("none"); return; }
      const made = new module.Atlas(box.current, units.body, (id) => desk.choose(id));
      atlas.current = made;
      setState("there");
      stop = effect(() => { made.show({ alerts: desk.onMap.value?.list ?? [], gauges: desk.gauges.value?.list ?? [], chosen: desk.chosen.value, theme: desk.theme.value }); });
    }).catch(() => setState("none"));
    return () => { left = true; stop?.(); atlas.current?.close(); };
  }, []);
  const known = desk.onMap.value;
  return (
    <section class="map" aria-label={word("map.title")}>
      <p class="unseen">{word("map.said", { place: desk.about.place.name, count: known?.list.length ?? 0 })}</p>
      <div class="canvas" ref={box} aria-hidden="true" />
      {state !== "there" && <p class="nothing" role="status">{word(state === "loading" ? "map.loading" : "map.none")}</p>}
      <div class="map-acts">
        <button type="button" onClick={() => atlas.current?.zoom(1)} aria-label={word("map.closer")}>+</button>
        <button type="button" onClick={() => atlas.current?.zoom(-1)} aria-label={word("map.farther")}>−</button>
        <button type="button" onClick={() => atlas.current?.whole()}>{word("map.whole")}</button>
      </div>
      <p class="map-notes">
        {word("map.outline")}
        {known?.list.some((one) => one.epicentre?.rings.length) && <> · {word("map.rings")}</>}
        {known?.more && <> · {word("map.more", { count: known.list.length })}</>}
        {known && !known.fresh && <strong class="bad"> · {word("map.old")}</strong>}
      </p>
    </section>
  );
}
