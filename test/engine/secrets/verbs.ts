/** A command of `messaging` that is run on both environments: as people read it, and with its JSON and its log. A new verb is a line here. */
export interface Verb {
  args: string[];
  /** It has `--json`. */
  json?: boolean;
  /** It works on an environment. */
  live?: boolean;
  /** It runs on the marked environment alone. */
  markedOnly?: boolean;
  /** Its exit codes. Default: 0. */
  ends?: number[];
}

const FLOW = "rabbitmq/orders";

export const verbs: Verb[] = [
  { args: ["validate"] },
  { args: ["schema"] },
  { args: ["verify", FLOW], json: true, live: true },
  // Each environment sees the administrator of the other, who may do everything.
  { args: ["drift"], json: true, live: true, ends: [7] },
  { args: ["dlq", "list"], json: true, live: true },
  { args: ["dlq", "show", FLOW], json: true, live: true },
  { args: ["dlq", "redrive", FLOW], json: true, live: true },
  { args: ["dlq", "drop", FLOW, "--yes", "0"], live: true },
  { args: ["recover"], json: true, live: true },
  { args: ["doctor", "--after", "10s"], json: true, live: true, ends: [0, 1] },
  { args: ["invoke", "send an email for each order", "--broker", "rabbitmq"], json: true, live: true },
  { args: ["rotate", "shop", "--status"], live: true, markedOnly: true },
  ...["--asyncapi", "--mermaid", "--prometheus", "--grafana"].map((format) => ({
    args: ["export", format],
    live: true,
  })),
  // What it finds is the main environment's, which a skill of this one may not be able to say.
  { args: ["adopt", "--vhost", "orders", "--force"], json: true, live: true, markedOnly: true, ends: [0, 1] },
];
