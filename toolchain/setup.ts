import { ensureEngine } from "./engine.ts";
import { ensureImages } from "./images/index.ts";
import type { Report } from "./progress.ts";
import { ensurePulumi } from "./pulumi-install.ts";
import { type PluginName, pluginVersions } from "./recipes.ts";

/** Puts everything on this machine that any skill and the tests of all brokers need, and makes no environment. */
export async function setup(report: Report): Promise<void> {
  await ensureEngine(report);
  await ensurePulumi(Object.keys(pluginVersions) as PluginName[], report);
  await ensureImages(["rabbitmq", "kafka", "redis", "valkey", "localstack"], report);
  report.say("All is there. npm start makes the environment.");
}
