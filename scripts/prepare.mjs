// @ts-check
// What of `npm test` asks nothing but the packages: installed, built, typed, packed. CI does it while it downloads.
import { install, run } from "./workspace.mjs";

install();
run("turbo run build typecheck lint:package --concurrency=2 --output-logs=errors-only");
