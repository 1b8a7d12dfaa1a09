import { request as send } from "node:https";

interface Options {
  /** Default: GET. */
  method?: string;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

/** `fetch` for an HTTPS server whose certificate an authority signed that this machine does not know; `ca` is that authority's, PEM. */
export const trusting =
  (ca: string) =>
  (address: string, { body, signal, ...options }: Options): Promise<Response> =>
    new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(signal.aborted ? signal.reason : error);
      const request = send(address, { ca, signal, ...options }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          const { statusCode: status } = answer;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status }));
        });
        answer.on("error", fail);
      });
      request.on("error", fail);
      request.end(body);
    });
