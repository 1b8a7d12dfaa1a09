import { createHash } from "node:crypto";

/** What SQS takes as a group or deduplication id: 1 to 128 letters, digits and punctuation. Source: SQS API reference, SendMessage. */
const allowed = /^[0-9A-Za-z!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;

/** A text as a group or deduplication id: itself where SQS takes it, else its SHA-256, in hexadecimal digits. */
export const toId = (text: string): string =>
  allowed.test(text) ? text : createHash("sha256").update(text).digest("hex");
