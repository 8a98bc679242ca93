// The map: units and neighbours as drawn ground, areas of alerts by level, epicentres with rings, gauges. No tiles, no other host.

import Feature from "ol/Feature.js";
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import GeoJSON from "ol/format/GeoJSON.js";
import type Geometry from "ol/geom/Geometry.js";
import Point from "ol/geom/Point.js";
import Polygon, { circular } from "ol/geom/Polygon.js";
import { defaults } from "ol/interaction/defaults.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { createEmpty, extend, getCenter, isEmpty } from "ol/extent.js";
import type { Gauge, OnMap, Schemas } from "../api/client";
import { gravity, legalLevel, shape } from "../alerts/level";
import { legal } from "../style/colours";
import { number } from "../words/times";
import { word } from "../words/words";
import { hatch, rgba } from "./hatch";

const FORMAT = new GeoJSON({ featureProjection: "EPSG:3857" });
const FACE = '"Be Vietnam Pro", sans-serif';

const INKS = {
  night: { land: "#18222e", line: "#3d5166", border: "#8aa0b4", text: "#c3d0dc", halo: "#0b0f14", other: "#dfe7ee", chosen: "#ffffff", water: "#7cc4ff" },
  day: { land: "#ffffff", line: "#9fb0be", border: "#4b5f70", text: "#22303c", halo: "#ffffff", other: "#33414d", chosen: "#000000", water: "#0b5cad" },
} as const;

export interface Shown { alerts: OnMap[]; gauges: Gauge[]; chosen: string; theme: keyof typeof INKS }

export class Atlas {
  readonly #map: OlMap;
  readonly #ground = new VectorSource();
  readonly #areas = new VectorSource();
  readonly #marks = new VectorSource();
  readonly #groundLayer = new VectorLayer({ source: this.#ground });
  readonly #nameLayer = new VectorLayer({ source: this.#ground, declutter: true });
  readonly #units = new Map<string, Feature<Geometry>>();
  readonly #home = createEmpty();
  #ink: (typeof INKS)[keyof typeof INKS] = INKS.night;
  #seen: ResizeObserver;

  constructor(box: HTMLElement, units: Schemas["Features"], choose: (id: string) => void) {
    this.#ground.addFeatures(this.#read(units));
    this.#map = new OlMap({
      target: box,
      controls: [],
      interactions: defaults({ altShiftDragRotate: false, pinchRotate: false, keyboard: false }),
      layers: [this.#groundLayer, new VectorLayer({ source: this.#areas }), this.#nameLayer, new VectorLayer({ source: this.#marks, declutter: true })],
      view: new View({ center: fromLonLat([107.1, 11.0]), zoom: 9, minZoom: 5, maxZoom: 15 }),
    });
    this.#map.on("singleclick", (event) => {
      const id = this.#map.forEachFeatureAtPixel(event.pixel, (feature) => feature.get("alert") as string | undefined);
      if (id) choose(id);
    });
    this.#seen = new ResizeObserver(() => { this.#map.updateSize(); });
    this.#seen.observe(box);
    this.whole();
    void document.fonts.load(`600 13px ${FACE}`).then(() => this.#nameLayer.changed());
  }

  close(): void { this.#seen.disconnect(); this.#map.setTarget(undefined); }

  zoom(by: 1 | -1): void { const view = this.#map.getView(); view.animate({ zoom: (view.getZoom() ?? 9) + by, duration: 120 }); }

  whole(): void { if (!isEmpty(this.#home)) this.#map.getView().fit(this.#home, { padding: [28, 28, 40, 28] }); }

  /** The map shows that, gravest on top, the chosen alert outlined. */
  show({ alerts, gauges, chosen, theme }: Shown): void {
    this.#ink = INKS[theme];
    this.#groundLayer.setStyle((feature) => this.#groundStyle(feature as Feature<Geometry>));
    this.#nameLayer.setStyle((feature, resolution) => this.#nameStyle(feature as Feature<Geometry>, resolution));
    const sorted = [...alerts].sort((a, b) => gravity(a) - gravity(b));
    this.#areas.clear(true);
    this.#areas.addFeatures([...this.#unitAreas(sorted, chosen), ...sorted.flatMap((alert) => this.#ownAreas(alert, chosen))]);
    this.#marks.clear(true);
    this.#marks.addFeatures([...gauges.map((gauge) => this.#gauge(gauge)), ...sorted.flatMap((alert) => this.#epicentre(alert, chosen))]);
  }

  #read(units: Schemas["Features"]): Feature<Geometry>[] {
    const features = FORMAT.readFeatures(units) as Feature<Geometry>[];
    const finest = features.some((one) => one.get("home") && one.get("level") === "district" && !(one.getGeometry() instanceof Point)) ? "district" : "commune";
    const drawn = features.filter((one) => !one.get("home") || one.get("level") === finest || one.get("level") === "province");
    for (const one of drawn) {
      if (!one.get("home")) continue;
      this.#units.set(String(one.get("code")), one);
      const shape = one.getGeometry();
      if (shape) extend(this.#home, shape.getExtent());
    }
    return drawn;
  }

  #groundStyle(feature: Feature<Geometry>): Style[] {
    const ink = this.#ink;
    const home = Boolean(feature.get("home"));
    const province = feature.get("level") === "province";
    const point = feature.getGeometry() instanceof Point;
    if (home && province) return point ? [] : [new Style({ stroke: new Stroke({ color: ink.border, width: 2.2 }), zIndex: 2 })];
    if (!home) return point ? [] : [new Style({ stroke: new Stroke({ color: rgba(ink.line, 0.7), width: 1 }), zIndex: 0 })];
    return [new Style({ fill: new Fill({ color: ink.land }), stroke: new Stroke({ color: ink.line, width: 1 }), zIndex: 1 })];
  }

  /** Names stand above everything that is painted. */
  #nameStyle(feature: Feature<Geometry>, resolution: number): Style[] {
    const ink = this.#ink;
    const home = Boolean(feature.get("home"));
    if ((home && feature.get("level") === "province") || (home && resolution > 420)) return [];
    const point = feature.getGeometry() instanceof Point;
    return [new Style({
      text: new Text({
        text: String(feature.get("name")), font: `${home ? 600 : 400} 12px ${FACE}`, overflow: point || !home, offsetY: home ? -6 : 0,
        fill: new Fill({ color: rgba(ink.text, home ? 1 : 0.75) }), stroke: new Stroke({ color: ink.halo, width: 3.5 }),
      }),
    })];
  }

  /** Each unit that an alert concerns bears the gravest level, its hatch and its number. */
  #unitAreas(sorted: OnMap[], chosen: string): Feature<Geometry>[] {
    const gravest = new Map<string, OnMap>();
    for (const alert of sorted) for (const code of alert.units) gravest.set(code, alert);
    const features: Feature<Geometry>[] = [];
    for (const [code, alert] of gravest) {
      const ground = this.#units.get(code);
      const geometry = ground?.getGeometry();
      if (!geometry || ground?.get("level") === "province" || geometry instanceof Point) continue;
      features.push(this.#area(geometry, alert, gravity(alert)));
    }
    for (const code of alertOf(sorted, chosen)?.units ?? []) {
      const ground = this.#units.get(code);
      const geometry = ground?.getGeometry();
      if (geometry && ground?.get("level") !== "province" && !(geometry instanceof Point)) features.push(this.#outline(geometry));
    }
    return features;
  }

  #ownAreas(alert: OnMap, chosen: string): Feature<Geometry>[] {
    return alert.shapes.flatMap((drawn) => {
      const geometry = drawn["type"] === "Polygon"
        ? new Polygon(drawn["coordinates"] as number[][][]).transform("EPSG:4326", "EPSG:3857")
        : circular(drawn["coordinates"] as number[], Number(drawn["radius_km"]) * 1000, 64).transform("EPSG:4326", "EPSG:3857");
      const area = this.#area(geometry, alert, gravity(alert));
      return alert.id === chosen ? [area, this.#outline(geometry)] : [area];
    });
  }

  #area(geometry: Geometry, alert: OnMap, order: number): Feature<Geometry> {
    const level = legalLevel(alert);
    const colour = (level && legal[level]) || this.#ink.other;
    const feature = new Feature({ geometry, alert: alert.id });
    feature.setStyle(new Style({
      fill: new Fill({ color: hatch(colour, gravity(alert), level ? 0.9 : 0.3) }),
      stroke: new Stroke({ color: colour, width: 1.5 }),
      text: new Text({
        text: level ? `${shape(alert)} ${level}` : shape(alert), font: `700 15px ${FACE}`, offsetY: 12,
        fill: new Fill({ color: this.#ink.chosen }), stroke: new Stroke({ color: this.#ink.halo, width: 4 }),
      }),
      zIndex: order,
    }));
    return feature;
  }

  #outline(geometry: Geometry): Feature<Geometry> {
    const feature = new Feature({ geometry });
    feature.setStyle(new Style({ stroke: new Stroke({ color: this.#ink.chosen, width: 3 }), zIndex: 20 }));
    return feature;
  }

  #epicentre(alert: OnMap, chosen: string): Feature<Geometry>[] {
    const quake = alert.epicentre;
    if (!quake) return [];
    const centre = [quake.lon, quake.lat];
    const mark = new Feature({ geometry: new Point(fromLonLat(centre)), alert: alert.id });
    mark.setStyle(new Style({
      text: new Text({ text: `✹ ${word("map.magnitude", { m: number(quake.magnitude, 1) })}`, font: `700 15px ${FACE}`, fill: new Fill({ color: this.#ink.chosen }), stroke: new Stroke({ color: this.#ink.halo, width: 4 }) }),
      zIndex: 30,
    }));
    const rings = quake.rings.map((ring) => {
      const geometry = circular(centre, ring.radius_km * 1000, 96).transform("EPSG:4326", "EPSG:3857");
      const feature = new Feature({ geometry: geometry as Geometry, alert: alert.id });
      const [x, y] = [getCenter(geometry.getExtent())[0] ?? 0, geometry.getExtent()[3] ?? 0];
      feature.setStyle([
        new Style({ stroke: new Stroke({ color: rgba(this.#ink.other, alert.id === chosen ? 1 : 0.7), width: alert.id === chosen ? 2.4 : 1.4, lineDash: [7, 5] }), zIndex: 10 }),
        new Style({ geometry: new Point([x, y]), text: new Text({ text: word("map.intensity", { roman: ring.intensity }), font: `600 12px ${FACE}`, fill: new Fill({ color: this.#ink.text }), stroke: new Stroke({ color: this.#ink.halo, width: 3 }) }), zIndex: 11 }),
      ]);
      return feature;
    });
    return [...rings, mark];
  }

  #gauge(gauge: Gauge): Feature<Geometry> {
    const feature = new Feature({ geometry: new Point(fromLonLat([gauge.lon, gauge.lat])) as Geometry });
    const blind = gauge.state === "no-data";
    const digits = gauge.unit === "m" ? 2 : 1;
    const said = blind ? word("gauge.no-data") : `${number(gauge.value ?? 0, digits)}${gauge.alarm ? ` ▲BĐ${gauge.alarm}` : ""}`;
    feature.setStyle(new Style({
      image: new CircleStyle({ radius: 5, fill: new Fill({ color: blind ? this.#ink.land : this.#ink.water }), stroke: new Stroke({ color: this.#ink.water, width: 2 }) }),
      text: new Text({ text: `${gauge.name.vi} ${said}`, font: `600 12px ${FACE}`, textAlign: "left", offsetX: 10, fill: new Fill({ color: this.#ink.water }), stroke: new Stroke({ color: this.#ink.halo, width: 4 }) }),
      zIndex: 25,
    }));
    return feature;
  }
}

function alertOf(alerts: OnMap[], id: string): OnMap | undefined { return alerts.find((one) => one.id === id); }
