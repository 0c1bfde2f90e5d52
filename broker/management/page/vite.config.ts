import { defineConfig } from "vite";

// Where /api is while one develops: any broker that has the management API.
const target = "http://127.0.0.1:15672";

export default defineConfig({
  // Relative, so that the page works below any path prefix.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Names carry a hash of the content: the same sources give the same files, and a new version is never taken for an
    // old one that a browser kept.
    modulePreload: { polyfill: false },
    // A strict content security policy has no data: scripts or styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target } } },
});
