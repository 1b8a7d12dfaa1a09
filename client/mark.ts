import { createHash } from "node:crypto";
import { CLIENT_NAME } from "./deadLetters.ts";

/**
 * A short text that is the same for the same places, whatever the order of their keys. Clients show it to the broker, and the program
 * makes it of earlier outputs: so it is known whether anybody still runs with one.
 */
export function markOf(places: unknown): string {
  const text = JSON.stringify(places, (_, value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** The mark in the name that a client shows (a RabbitMQ connection's, a Kafka client id); undefined where it shows none. */
export const markIn = (name = ""): string | undefined => {
  const [client, mark] = name.split("/");
  return client === CLIENT_NAME && /^[0-9a-f]{12}$/.test(mark ?? "") ? mark : undefined;
};
