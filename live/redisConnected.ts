import type { RedisOperator } from "../client/operator.ts";
import { text } from "../client/redis/replies.ts";
import { serverOf } from "../client/redis/server.ts";

/** How many connections a user has. */
export async function connectionsOf(user: string, { deadLetters: _, ...login }: RedisOperator): Promise<number> {
  const server = serverOf(login);
  try {
    return countIn(text(await server.ask(["CLIENT", "LIST"])), user);
  } finally {
    server.close();
  }
}

/** How many lines of CLIENT LIST are of the user. */
export const countIn = (list: string, user: string): number =>
  list.split("\n").filter((line) => line.split(" ").includes(`user=${user}`)).length;
