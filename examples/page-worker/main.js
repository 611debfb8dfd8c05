// The page's own thread: it draws what the worker says, and never computes.
const byId = (id) => document.getElementById(id);
const losses = [];

byId("train").onclick = () => {
  byId("train").disabled = true;
  losses.length = 0;
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onerror = ({ message }) => {
    byId("progress").textContent = message;
  };
  worker.onmessage = ({ data }) => {
    if (data.backend) byId("backend").textContent = `${data.backend}, ${data.threads} thread(s)`;
    if (data.loss !== undefined) show(data);
    if (data.forecast !== undefined) {
      byId("progress").textContent += `; the next value: ${data.forecast.toFixed(3)}`;
      byId("train").disabled = false;
      worker.terminate();
    }
  };
  worker.postMessage({ epochs: 20 });
};

function show({ epoch, loss }) {
  losses.push(loss);
  byId("progress").textContent = `epoch ${epoch + 1}: loss ${loss.toFixed(4)}`;
  const x = (i) => (100 * i) / Math.max(1, losses.length - 1);
  const y = (value) => 100 - (90 * value) / losses[0];
  byId("losses").setAttribute("points", losses.map((value, i) => `${x(i)},${y(value)}`).join(" "));
}
