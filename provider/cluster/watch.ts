import { tellEngine } from "../engineLog.ts";
import type { Properties } from "../wire.ts";
import { type Contact, kindOf } from "./contact.ts";
import { endSiblings } from "./siblings.ts";

/** How long after an answer a broker is asked again, in milliseconds. With two questions of 18 s, silence is found within 42 s. */
const EVERY_MS = 3_000;
/** How many questions in a row nobody answers before a broker counts as away. */
const SILENT = 2;

/** The plugins that work on each kind of broker and wait for it without an end. */
const PLUGINS: Record<string, string> = {
  rabbitmq: "pulumi-resource-rabbitmq",
  kafka: "pulumi-resource-kafka",
  sqs: "pulumi-resource-aws",
};

/** What is done about a broker that is away: tell why, and end the provider that waits for it. */
export interface Away {
  tell(message: string): Promise<void>;
  end(plugin: string): void;
}

const engine: Away = { tell: (message) => tellEngine("error", message), end: endSiblings };

/**
 * The same contact, which watches each broker that has answered for as long as the update lasts. Providers of others wait for ever for
 * an answer that does not come (RabbitMQ's and AWS's), so an update would never end.
 */
export function watched(contact: Contact, away: Away = engine, every = EVERY_MS): Contact {
  const seen = new Set<string>();
  const watch = (broker: string, connection: Properties): void => {
    if (seen.has(broker) || !PLUGINS[kindOf(broker)]) return;
    seen.add(broker);
    const { managementUrls, ...one } = connection;
    let silent = 0;
    const next = () => setTimeout(ask, every).unref();
    const ask = async () => {
      try {
        // Of several nodes the one that the provider keeps to.
        await contact.identity(broker, one);
        silent = 0;
      } catch (error) {
        // Another word than that nobody answers is an answer.
        silent = /must answer/.test((error as Error).message) ? silent + 1 : 0;
        if (silent >= SILENT) return give(broker, error as Error, managementUrls !== undefined);
      }
      next();
    };
    next();
  };
  const give = async (broker: string, error: Error, isOneOfSeveral: boolean) => {
    seen.delete(broker);
    const next = isOneOfSeveral ? " The same command again goes on with the next endpoint that answers." : "";
    await away.tell(`${error.message}. What was waiting for it is ended.${next}`);
    away.end(PLUGINS[kindOf(broker)]!);
  };
  return {
    ...contact,
    async identity(broker, connection) {
      const identity = await contact.identity(broker, connection);
      watch(broker, connection);
      return identity;
    },
    async marked(broker, connection) {
      const identity = await contact.marked(broker, connection);
      watch(broker, connection);
      return identity;
    },
  };
}
