// Both headers make the page cross-origin isolated: its workers may share memory, and so train on threads.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default {
  server: { headers },
  preview: { headers },
  worker: { format: "es" },
};
