import { AWAY, ConnectionError, GONE_ADVICE, isFault, RefusedError } from "../message.ts";

// AMQP 0-9-1's reply codes by which a broker says no, and the library's own for a basic.nack.
const refusals = [
  "ACCESS_REFUSED",
  "NOT_ALLOWED",
  "NOT_FOUND",
  "PRECONDITION_FAILED",
  "RESOURCE_LOCKED",
  "INVALID_PATH",
  "CONTENT_TOO_LARGE",
  "NACK",
];

// A queue or vhost that is still starting or has lost its leader: RabbitMQ says 404 of it, and it will be there again.
const passing = /down or inaccessible|is down|timed out|timeout|stopped by supervisor/;

// The broker's max_message_size, which counts the body.
const oversized = /message size .*is larger than/;
// A handler that has not returned: the broker is well.
const unanswered =
  /^(?:undefined: )?PRECONDITION_FAILED - delivery acknowledgement on channel .*?timed out\. Timeout value used: (\d+) ms/;

/** An error of the library in the words of the client: RefusedError where the broker answered no, else ConnectionError; a fault stays itself. */
export function toClientError(error: unknown, place: string): Error {
  if (error instanceof ConnectionError || error instanceof RefusedError || isFault(error)) return error;
  const { code, message } = error as { code?: string; message?: string };
  // The library names the method that was refused, and a connection has none.
  const text = (message || code || String(error)).replace(/^undefined: /, "");
  if (code === "NACK") {
    return new RefusedError(`${place}: the broker did not take the message: its queue is full, or not available`, {
      full: true,
    });
  }
  const [, timeout] = unanswered.exec(text) ?? [];
  if (timeout !== undefined) {
    return new ConnectionError(
      `${place}: the broker closed the channel, as a message was not acknowledged within ${timeout} ms (consumer_timeout): all that it had comes again; make handlers return sooner, or raise consumer_timeout`,
      { cause: error },
    );
  }
  // That one place does not answer says nothing of its broker.
  const isAnswer = code !== undefined && refusals.includes(code);
  return isAnswer && !passing.test(text)
    ? new RefusedError(`${place}: the broker refuses: ${text}`, {
        cause: error,
        tooLarge: oversized.test(text),
        ...(code === "NOT_FOUND" && { advice: GONE_ADVICE }),
      })
    : new ConnectionError(`${place}: the broker does not answer: ${text}`, {
        cause: error,
        state: isAnswer ? undefined : AWAY,
      });
}
