import { render } from "preact";
import { Unrolled } from "./unrolled.tsx";

render(<Unrolled />, document.querySelector("#page")!);
