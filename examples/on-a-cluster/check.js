// Was it the same training? train.py's two epochs once more, here, in one process with whole batches; beside it the
// file that came back.
import { selectBackend } from "@rnnkit/backend-select";
import { fromTensor, toTensor } from "@rnnkit/keras-builders";
import { loadKerasModel } from "@rnnkit/keras-files";
import { task } from "./task.js";

await selectBackend({ prefer: "wasm" });
const [x, y] = [toTensor(task.x), toTensor(task.y)];
const inOrder = { batchSize: 64, shuffle: false };
const losses = async (model, epochs) =>
  (await model.fit(x, y, { ...inOrder, epochs })).history.loss.map(Number);
const apart = (some, others) => Math.max(...some.map((value, i) => Math.abs(value - others[i])));

const here = await loadKerasModel("model.keras");
console.log("losses:", ...(await losses(here, 2)));
const back = await loadKerasModel("trained.keras");
const [ours, theirs] = [here, back].map((model) => [...fromTensor(model.predict(x)).data]);
console.log("predictions, at most apart:", apart(ours, theirs).toExponential(1));
// Its optimizer has moved on with it: one more epoch is the same step for step
const [third, theirThird] = [await losses(here, 1), await losses(back, 1)];
console.log("losses of one more epoch, at most apart:", apart(third, theirThird).toExponential(1));
