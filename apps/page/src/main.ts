document.title = "rnnkit";

export {};
