const PREFIX = "base64:";

/**
 * A header's bytes as text: UTF-8 as it is, so that what an app publishes as text is the same text again; anything else as `base64:` and
 * the base64 of the bytes.
 */
export const textOfBytes = (bytes: Uint8Array): string => utf8(bytes) ?? base64(bytes);

/** The bytes that {@link textOfBytes} was given; of text that looks like its base64, those that it looks like. */
export const bytesOfText = (text: string): Buffer =>
  text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), "base64") : Buffer.from(text);

// Text has tabs and line ends, as stacks do; what has other control characters is a number or the like.
const control = /(?![\t\n\r])\p{Cc}/u;

/** A header for people: one that is no text to read is told as its bytes. */
export const readable = (text: string): string => (control.test(text) ? base64(Buffer.from(text)) : text);

const base64 = (bytes: Uint8Array): string =>
  `${PREFIX}${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;

// One for all: to make one takes longer than to decode a header, and it keeps nothing of bytes that it refused.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that UTF-8 bytes are, a byte order mark included; undefined where they are none. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
