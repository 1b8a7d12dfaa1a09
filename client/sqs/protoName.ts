import { buffer } from "node:stream/consumers";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Attributes } from "./attributes.ts";

/** An attribute may have this name, and the SDK loses the value of one that has. Last seen in 3.1169. */
const NAME = "__proto__";
/** What it is called while the SDK reads it: by a name that SQS does not take. */
const MEANWHILE = "__proto__ ";

// In JSON a name alone stands between quotes that are not escaped and before a colon.
const named = /(?<!\\)"__proto__"(?=\s*:)/g;

/** Keeps attributes called `__proto__` from the SDK, for {@link withProtoName}. */
export function keepProtoName(sqs: SQSClient): void {
  sqs.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        if (commandName !== "ReceiveMessageCommand") return result;
        const response = result.response as { body: NodeJS.ReadableStream | Uint8Array };
        const bytes = await buffer(response.body as NodeJS.ReadableStream);
        // One byte is one character here, so that all others stay as they are.
        response.body = bytes.includes(`"${NAME}"`)
          ? Buffer.from(bytes.toString("latin1").replace(named, `"${MEANWHILE}"`), "latin1")
          : bytes;
        return result;
      },
    { step: "deserialize", priority: "low" },
  );
}

/** The attributes of a message as they are called. */
export const withProtoName = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name === MEANWHILE ? NAME : name, value]));
