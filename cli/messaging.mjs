#!/usr/bin/env node
// A reader that stops early, such as head, is no fault.
process.stdout.on("error", (error) => process.exit(error.code === "EPIPE" ? 0 : 1));

// A notice to those who run on Node 20, which is supported on purpose.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const { register } = await import("tsx/esm/api").catch(() => {
  process.stderr.write("messaging: must have its packages installed (npm ci), got none\n");
  process.exit(1);
});
register();
const { run } = await import("./index.ts");
process.exitCode = await run(process.argv.slice(2), process);
