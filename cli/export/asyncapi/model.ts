/** A reference to another part of the document. */
export interface Reference {
  $ref: string;
}

/** A channel of AsyncAPI 3.0. Extensions begin with `x-`. */
export interface Channel {
  address: string | null;
  title: string;
  summary: string;
  messages: Record<string, Reference>;
  parameters?: Record<string, { description: string }>;
  servers?: Reference[];
  bindings?: Record<string, object>;
  [extension: `x-${string}`]: unknown;
}

/** An operation of AsyncAPI 3.0: what one app does on one channel. */
export interface Operation {
  action: "send" | "receive";
  channel: Reference;
  title: string;
  tags: { name: string }[];
  messages: Reference[];
  bindings?: Record<string, object>;
  "x-app": string;
  [extension: `x-${string}`]: unknown;
}

/** What one broker adds to the document. */
export interface Part {
  channels: Record<string, Channel>;
  operations: Record<string, Operation>;
}
