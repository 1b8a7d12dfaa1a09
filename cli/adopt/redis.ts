import type { Thing } from "../../live/inventory/index.ts";
import { toSize } from "./durations.ts";
import { type Adopted, type LeftOut, OTHER_PASSWORD } from "./leftOut.ts";

/** What a skill says of one Redis server. `section` is empty where it cannot say it. */
export function adoptRedis(all: readonly Thing[], instance: string, administrator: string): Adopted {
  const here = all.filter(({ broker }) => broker === `redis/${instance}`);
  const of = (kind: string) => here.filter((thing) => thing.kind === kind);
  const { maxmemory = "0", ...others } = of("settings")[0]?.properties ?? {};
  const maxMemory = toSize(Number(maxmemory));
  const reason = settingsReason(maxMemory, others);
  if (reason !== undefined) return { section: {}, leftOut: [{ what: `redis instance ${instance}`, reason }] };
  const streams = of("stream").filter(({ name }) => !name.startsWith("messaging:"));
  return {
    section: {
      maxMemory,
      ...(streams.length > 0 && { streams: Object.fromEntries(streams.map(({ name }) => [name, {}])) }),
    },
    leftOut: [
      ...of("group").map(
        ({ name }): LeftOut => ({
          what: `redis group ${instance}/${name}`,
          reason: "a group of a skill has an app: add it with the app that consumes it",
        }),
      ),
      ...of("user")
        .filter(({ name }) => name !== administrator && name !== "default")
        .map(({ name }): LeftOut => ({ what: `redis user ${instance}/${name}`, reason: OTHER_PASSWORD })),
    ],
  };
}

const ALWAYS: Record<string, string> = { "maxmemory-policy": "noeviction", appendonly: "yes", appendfsync: "everysec" };

function settingsReason(maxMemory: string | undefined, others: Record<string, string>): string | undefined {
  if (maxMemory === undefined) return "its maxmemory is no limit that a skill can say (16mb or more, whole kb)";
  const [wrong] = Object.entries(ALWAYS).filter(([name, value]) => others[name] !== value);
  return wrong && `its ${wrong[0]} is ${others[wrong[0]]}: a skill's is ${wrong[1]}, always`;
}
