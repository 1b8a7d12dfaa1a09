import { setTimeout as wait } from "node:timers/promises";
import { Connection } from "rabbitmq-client";
import { rabbitmqApi } from "../../../client/rabbitmq/api.ts";
import { topicPermissions } from "../../../provider/rabbitmq/topicPermissions.ts";
import { RedisSession } from "../../../provider/redis/session.ts";

const VHOST = "hammered";
const NOBODY = new RedisSession({});

/** What a user was let do while its topic permissions changed 20 times. */
export interface Hammered {
  /** Publishings to a key that it never had. */
  allowed: number;
  refused: number;
  /** Publishings to the key that it always had, and those of them that were refused. */
  own: number;
  ownRefused: number;
}

/**
 * Changes a user's topic permissions 20 times by the provider's kind, or, as a control, as @pulumi/rabbitmq does (delete all, then set each),
 * while the user publishes to a key of its own and to one that it never has.
 */
export async function hammer(
  access: { managementUrl: string; url: string; username: string; password: string },
  how: "ours" | "theirs",
): Promise<Hammered> {
  const api = rabbitmqApi(access);
  const authorization = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString("base64")}`;
  const remove = (path: string) =>
    fetch(`${access.managementUrl}/api/${path}`, { method: "DELETE", headers: { authorization } });
  await api.put({}, "vhosts", VHOST);
  await api.put({ password: "of-the-hammer", tags: "" }, "users", VHOST);
  await api.put({ configure: ".*", write: ".*", read: ".*" }, "permissions", VHOST, access.username);
  await api.put({ type: "topic", durable: true }, "exchanges", VHOST, "work");
  const entries = (change: number) => [
    { exchange: "work", write: `^(?:own|more${change})$(?!\\n)`, read: "^$" },
    ...(change % 2 === 1 ? [{ exchange: "other", write: "^own$", read: "^$" }] : []),
  ];
  const inputs = (change: number) => ({ access, user: VHOST, vhost: VHOST, permissions: entries(change) });
  await topicPermissions.create(inputs(0), NOBODY);
  await api.put({ configure: "^$", write: "^work$", read: "^$" }, "permissions", VHOST, VHOST);

  const counts: Hammered = { allowed: 0, refused: 0, own: 0, ownRefused: 0 };
  const stopping = new AbortController();
  const host = access.url.replace(/^amqp:\/\//, "");
  const connection = new Connection({ url: `amqp://${VHOST}:of-the-hammer@${host}/${VHOST}` });
  connection.on("error", () => {});
  const publish = async (routingKey: string, yes: keyof Hammered, no: keyof Hammered) => {
    while (!stopping.signal.aborted) {
      const publisher = connection.createPublisher({ confirm: true, maxAttempts: 1 });
      try {
        while (!stopping.signal.aborted) {
          await publisher.send({ exchange: "work", routingKey }, "x");
          counts[yes]++;
        }
      } catch {
        counts[no]++;
      }
      await publisher.close().catch(() => {});
    }
  };
  const publishing = [
    ...[1, 2, 3].map(() => publish("forbidden", "allowed", "refused")),
    publish("own", "own", "ownRefused"),
  ];
  await wait(500);
  for (let change = 1; change <= 20; change++) {
    if (how === "ours") await topicPermissions.update(`${VHOST}@${VHOST}`, inputs(change), NOBODY, inputs(change - 1));
    else {
      await remove(`topic-permissions/${VHOST}/${VHOST}`);
      for (const entry of entries(change)) await api.put(entry, "topic-permissions", VHOST, VHOST);
    }
    await wait(100);
  }
  stopping.abort();
  await Promise.all(publishing);
  await connection.close();
  await remove(`vhosts/${VHOST}`);
  await remove(`users/${VHOST}`);
  return counts;
}
