const PREFIX = "base64:";

// Text has tabs and line ends, as stacks do; no other control character.
const control = /(?![\t\n\r])\p{Cc}/u;

/**
 * A header's bytes as text: valid UTF-8 without control characters (tabs and line ends aside) as it is, anything else as
 * `base64:` and the base64 of the bytes. So is text that begins with `base64:` itself, so that {@link bytesOfText} gives back exactly
 * what it was.
 */
export function textOfBytes(bytes: Uint8Array): string {
  const text = utf8(bytes);
  if (text !== undefined && !control.test(text) && !text.startsWith(PREFIX)) return text;
  return `${PREFIX}${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
}

/** The bytes that {@link textOfBytes} was given. */
export const bytesOfText = (text: string): Buffer =>
  text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), "base64") : Buffer.from(text);

/** The text that UTF-8 bytes are, a byte order mark included; undefined where they are none. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
