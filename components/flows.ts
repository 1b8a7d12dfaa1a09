/** What declaring one broker's flows gives back. */
export interface BrokerFlows {
  /** By app: what it needs to reach its flows on this broker. Nested outputs are allowed; a password is a secret one. */
  apps: Record<string, object>;
  /**
   * How whoever runs the environment reaches this broker, and where its dead letters are; see client/operator.ts. Absent where the
   * environment has no such user.
   */
  operator?: object;
  /** Plain rows about what was made, without secrets. */
  summary: SummaryRow[];
}

/** One line of the environment's summary. */
export interface SummaryRow {
  /** `rabbitmq`, `kafka`, `sqs` or `redis`. */
  broker: string;
  /** What it is, in the broker's words: `queue`, `topic`, `instance`. */
  kind: string;
  name: string;
  /** What a reader wants to know at a glance. */
  detail: string;
}
