// @ts-check
// Imports the modules of the command line, one after the other, and says how long that took: `bench start`.
const begun = performance.now();
for (const name of process.argv.slice(2)) await import(name);
const importMs = performance.now() - begun;
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ importMs, cpuMs: (user + system) / 1000 }));
