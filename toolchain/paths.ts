import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");

/** Where the set-up keeps what took long to make, for every clone of this user: `~/.cache/messaging` or its XDG place. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "messaging");
}

/** Where Pulumi looks for its CLI and plugins: `$PULUMI_HOME`, by default `~/.pulumi`. */
export function pulumiHome(env: NodeJS.ProcessEnv = process.env): string {
  return env.PULUMI_HOME || join(homedir(), ".pulumi");
}
