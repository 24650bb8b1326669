/** Build the map application into dist/ (served under /static/) and, in development, hand the rest to a running server. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.GRIDATLAS_URL ?? "http://127.0.0.1:8000";
const fromServer = [
  "/api",
  "/tiles",
  "/basemaps",
  "/imagery",
  "/maps",
  "/ogc",
  "/media",
  "/admin",
  "/healthz",
  "/readyz",
];

/** Bodies of the top bar, the map controls and the overlays: all loaded right after the first map. */
const FRAME =
  /src[\\/]features[\\/](account|basemap-switch|live-status|map-controls|search|selection|shortcuts)[\\/](?!index)|LayersKey/;

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    manifest: true,
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // Few files: each costs a request. What every page needs, and what the map's frame needs right after the first map.
        codeSplitting: {
          groups: [
            {
              name: "base",
              test: /node_modules[\\/](react|react-dom|scheduler|i18next|react-i18next|@tanstack[\\/](react-query|query-core))[\\/]/,
            },
            { name: "frame", test: FRAME, includeDependenciesRecursively: false },
          ],
        },
      },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      ...Object.fromEntries(fromServer.map((path) => [path, server])),
      "/ws": { target: server, ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.ts"],
    // Making a page costs a second a file: a test that needs one begins with the line "// @vitest-environment happy-dom".
    environment: "node",
    pool: "threads",
  },
}));
