import { defineConfig } from "vite";
import { offline } from "./src/offline/offline-plugin.ts";

// Both make a page cross-origin isolated: its worker then trains on threads.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

// "./": the built page lies in any folder of any static server.
export default defineConfig({
  base: "./",
  plugins: [offline()],
  preview: { headers },
  server: { headers },
  worker: { format: "es" },
  build: { target: "es2022", chunkSizeWarningLimit: 2000 },
});
