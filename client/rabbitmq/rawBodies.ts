import type { AsyncMessage, Channel, SyncMessage } from "rabbitmq-client";

/** A message as it came: its body as bytes, whatever its content type says. */
export type Received = Omit<AsyncMessage & Partial<SyncMessage>, "body" | "consumerTag"> & { body: Buffer };

interface Internals {
  _onHeader(frame: { fields: { contentType?: string; rawContentType?: string } }): void;
}

/**
 * Keeps the library from reading a body by its content type: JSON that is parsed and written again on a retry is not what was
 * published, large numbers for one. The type is moved to where the library does not look; {@link received} puts it back.
 */
export function keepBodiesRaw(channel: Channel): void {
  const internals = channel as unknown as Internals;
  const onHeader = internals._onHeader.bind(channel);
  internals._onHeader = (frame) => {
    const { contentType, ...fields } = frame.fields;
    onHeader({ ...frame, fields: { ...fields, ...(contentType !== undefined && { rawContentType: contentType }) } });
  };
}

/** A message of a channel that keeps bodies raw, with its content type. */
export function received(message: AsyncMessage | SyncMessage): Received {
  const { rawContentType, ...rest } = message as Received & { rawContentType?: string };
  return { ...rest, ...(rawContentType !== undefined && { contentType: rawContentType }) };
}
