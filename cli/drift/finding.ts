/** What a thing on a broker is to an environment. */
export type Status = "managed" | "changed" | "missing" | "orphan" | "foreign";

/** One property that is not what it should be; empty where it is not set. No secrets. */
export interface Change {
  property: string;
  expected: string;
  found: string;
}

/** One thing of the inventory or of the state, and what it is. */
export interface Finding {
  status: Status;
  broker: string;
  kind: string;
  /** RabbitMQ: the vhost. */
  scope?: string;
  name: string;
  /** Of what Pulumi's state manages. */
  urn?: string;
  changes: Change[];
  /** Why it is an orphan, or what else there is to say. */
  reason?: string;
}

/** Whether a finding is drift: foreign things are where `strict`. */
export const isDrift = ({ status }: Finding, strict: boolean): boolean =>
  status !== "managed" && (strict || status !== "foreign");
