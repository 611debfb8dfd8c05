export default {
  build: {
    lib: { entry: "rnnkit.js", formats: ["es"], fileName: "rnnkit" },
    // One file, whatever is imported late.
    rolldownOptions: { output: { codeSplitting: false } },
  },
};
