import { render } from "preact";
import { App } from "./app/app.tsx";
import { followAddress } from "./app/state.ts";
import { startOffline } from "./offline/offline.ts";
import "./app/page.css";

followAddress();
const place = document.getElementById("page") as HTMLElement;
place.replaceChildren();
render(<App />, place);

// Vite's own server answers with what was just written; only what is built is kept.
if (import.meta.env.PROD) void startOffline();
