document.title = "rnnkit";
export {};
