import type { Access } from "./declared.ts";

/** A name as a shell takes it. */
export const word = (text: string): string =>
  /^[\w.,:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The beginning of a command of Kafka's own tools, as the administrator. */
export const kafkaTool = (
  name: `kafka-${"acls" | "configs" | "consumer-groups" | "topics"}.sh`,
  { kafka }: Access,
): string =>
  `${name} --bootstrap-server ${word((kafka?.bootstrapServers ?? []).join(","))} --command-config admin.properties`;

/** What such a command needs beside. */
export const ADMIN_FILE = "admin.properties has the administrator's login, see docs/on-call.md";
