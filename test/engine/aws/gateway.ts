import { createServer, request } from "node:http";

/** One address for several emulators, as AWS has one account for its services. */
export interface Gateway {
  endpoint: string;
  /** Requests that came, by service. */
  asked: Map<string, number>;
  close(): Promise<void>;
}

/** The service that a request is signed for, from its credential scope: `AKIA.../20260101/eu-central-1/sqs/aws4_request`. */
export const serviceOf = (authorization = ""): string | undefined =>
  /Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(authorization)?.[1];

/** Hands each request on to the emulator of its service: `rest`, or the one that `others` names. */
export async function startGateway(port: number, rest: string, others: Record<string, string>): Promise<Gateway> {
  const asked = new Map<string, number>();
  const server = createServer((incoming, answer) => {
    const service = serviceOf(incoming.headers.authorization) ?? "none";
    asked.set(service, (asked.get(service) ?? 0) + 1);
    const { hostname, port: at } = new URL(others[service] ?? rest);
    const { method, url: path, headers } = incoming;
    const passed = request({ hostname, port: at, method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode!, answered.headers);
      answered.pipe(answer);
    });
    passed.on("error", (error) => answer.writeHead(503).end(error.message));
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
