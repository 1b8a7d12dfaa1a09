import { type RedisSession, Refusal } from "../../../provider/redis/session.ts";

/** A session whose server gives these replies by command, and the commands that it was sent. An Error is a refusal. */
export function fakeServer(replies: Record<string, unknown> = {}): { redis: RedisSession; sent: string[] } {
  const sent: string[] = [];
  const send = async (...words: string[]) => {
    sent.push(words.join(" "));
    const reply = Object.entries(replies).find(([command]) => words.join(" ").startsWith(command))?.[1];
    if (reply instanceof Error) throw new Refusal(reply.message);
    return reply ?? "OK";
  };
  const run = (_resource: string, commands: (ask: typeof send) => Promise<unknown>) => commands(send);
  return { redis: { run } as unknown as RedisSession, sent };
}
