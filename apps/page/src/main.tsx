import { render } from "preact";
import { App } from "./app/app.tsx";
import { followAddress } from "./app/state.ts";
import { startOffline } from "./offline/offline.ts";
import "./app/page.css";

followAddress();
const place = document.getElementById("page") as HTMLElement;
place.replaceChildren();
render(<App />, place);

// After what is to be seen: it fetches the whole build. Vite's own server has none to keep.
if (!import.meta.hot) addEventListener("load", () => void startOffline());
