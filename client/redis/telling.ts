import { text } from "./replies.ts";
import type { Server } from "./server.ts";

/** What a server says of itself under a name (INFO); undefined: nothing. */
export const saidIn = (info: string, name: string): string | undefined =>
  new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];

/**
 * Why a server cannot tell what its keys hold, by what it says of itself (INFO); undefined where it can: a primary that has loaded its
 * data and has all keys.
 */
export function untold(info: string): string | undefined {
  const said = (name: string) => saidIn(info, name);
  if (said("redis_mode") === "sentinel") return "it is a Sentinel, which has no data; give the address of the primary";
  if (said("cluster_enabled") === "1") return "it is a node of a Redis Cluster, which has a part of the keys alone";
  if (said("role") === "slave") {
    const link = said("master_link_status") === "up" ? "" : ", which it has lost";
    return `it is a replica of ${said("master_host")}:${said("master_port")}${link}; give the address of the primary`;
  }
  if (said("loading") === "1" || said("async_loading") === "1") return "it is loading its data; try again when it has";
  if (said("role") === "master" && said("loading") === "0") return undefined;
  return "it does not tell whether it is a primary that has loaded its data; let its administrator use INFO";
}

/** Why a server cannot tell what its keys hold now. */
export const untoldBy = async (server: Server): Promise<string | undefined> => untold(text(await server.ask(["INFO"])));
