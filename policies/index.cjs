// Pulumi's runner loads a pack with `require`; tsx reads the TypeScript, whatever compiler the runner has registered.
module.exports = import("tsx/esm/api").then(({ tsImport }) => tsImport("./index.ts", __filename));
