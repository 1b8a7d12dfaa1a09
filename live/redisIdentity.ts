import { text } from "../client/redis/replies.ts";
import { type Login, type Server, serverOf } from "../client/redis/server.ts";
import { UnfitError, unfitRedis } from "./fit.ts";

/** Where the mark of a server is, in its first database. */
export const IDENTITY_KEY = "messaging:cluster-id";

/** The mark of a server; undefined where nobody has marked it yet. */
export async function markOf(server: Server): Promise<string | undefined> {
  const mark = await server.ask(["GET", IDENTITY_KEY]);
  return mark === null ? undefined : text(mark);
}

/** Throws an UnfitError where the server is none that this project works with. */
export async function mustFit(server: Server): Promise<void> {
  const why = unfitRedis(text(await server.ask(["INFO"])));
  if (why) throw new UnfitError(`must ${why}`);
}

/** A look at which server it is and at nothing else. */
export const redisIdentity = (login: Login) => {
  const server = serverOf(login);
  return {
    async identity(): Promise<string | undefined> {
      await mustFit(server);
      return markOf(server);
    },
    close: async () => server.close(),
  };
};
