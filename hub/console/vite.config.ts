import { defineConfig } from "vite";

// One flat folder: the hub serves /console/<name>. Nothing is inlined as data:, which the hub's CSP forbids.
export default defineConfig({
  base: "/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", assetsDir: "", assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false, chunkSizeWarningLimit: 700 },
});
