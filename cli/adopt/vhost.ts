import type { Thing } from "../../live/inventory/index.ts";
import { shown } from "../../skill/index.ts";
import { EnvironmentError } from "../outputs.ts";
import { problemsOf } from "./document.ts";

/** The vhost that is adopted, as a skill has only one: what `--vhost` says, or the only one that has anything. */
export function vhostOf(things: readonly Thing[], said: string | undefined): string | undefined {
  const all = [
    ...new Set(
      things.flatMap(({ kind, scope }) => ((kind === "queue" || kind === "exchange") && scope ? [scope] : [])),
    ),
  ];
  if (said !== undefined && !all.includes(said))
    throw new EnvironmentError(
      `--vhost: must be one with queues or exchanges (${all.join(", ") || "none"}), got ${shown(said)}`,
    );
  if (said === undefined && all.length > 1)
    throw new EnvironmentError(
      `--vhost: must be given, as a skill has one and RabbitMQ has ${all.join(", ")}; got nothing`,
    );
  const vhost = said ?? all[0];
  if (vhost !== undefined) refuseUnsayable(vhost);
  return vhost;
}

function refuseUnsayable(vhost: string): void {
  const [problem] = problemsOf({ name: "adopted", version: "2.0.0", rabbitmq: { vhost } });
  if (!problem) return;
  throw new EnvironmentError(
    `--vhost: a skill's must ${problem.rule}, got ${shown(vhost)}: make one of such a name, move its clients and messages there, and adopt that; or take messaging:rabbitmq out of the environment, to adopt the others without it`,
  );
}
