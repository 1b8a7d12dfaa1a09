import { get } from "node:https";

type Get = (address: string, options: { headers: Record<string, string>; signal: AbortSignal }) => Promise<Response>;

/** `fetch` for an HTTPS server whose certificate an authority signed that this machine does not know; `ca` is that authority's, PEM. */
export const trusting =
  (ca: string): Get =>
  (address, { headers, signal }) =>
    new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(signal.aborted ? signal.reason : error);
      const request = get(address, { ca, headers, signal }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode })));
        answer.on("error", fail);
      });
      request.on("error", fail);
    });
