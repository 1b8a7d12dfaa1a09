import { inspect, types } from "node:util";

/** What was thrown, as text. It never throws, whatever that is: to read an error's message may throw, and so may `String()`. */
export function textsOf(thrown: unknown): { name: string; message: string; stack: string } {
  const isError = types.isNativeError(thrown) || attempt(() => thrown instanceof Error);
  if (!isError) return { name: "Error", message: textOf(thrown), stack: "" };
  const read = (key: keyof Error) => attempt(() => (thrown as Error)[key] as unknown);
  return {
    name: textOf(read("name") ?? "Error"),
    message: textOf(read("message") ?? ""),
    stack: textOf(read("stack") ?? ""),
  };
}

/** As JavaScript writes it; where that says no more than `[object Object]`, or fails, what is in it, in one line. */
function textOf(value: unknown): string {
  const text = attempt(() => String(value));
  if (text !== undefined && !/^\[object .*\]$/.test(text)) return text;
  return attempt(() => inspect(value, { compact: true, breakLength: Infinity })) ?? text ?? "it cannot be told as text";
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
