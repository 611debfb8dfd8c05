import { render } from "preact";
import { App } from "./app/app.tsx";
import { followAddress } from "./app/state.ts";
import "./app/page.css";

followAddress();
const place = document.getElementById("page") as HTMLElement;
place.replaceChildren();
render(<App />, place);
