import { capture } from "./command.ts";
import { readLive, unhealthy } from "./containers.ts";
import { type ExitCode, Failure } from "./failure.ts";
import { stack } from "./pulumi.ts";

/** What a container that is not healthy printed last. */
export interface LastWords {
  container: string;
  lines: string[];
}

const NOT_HEALTHY = /failed to be in healthy state|container exited immediately/i;
const NO_ANSWER = /ECONNREFUSED|ETIMEDOUT|ENOTFOUND|connection refused|i\/o timeout|no such host|no answer within \d/i;
const LOG_LINES = 5;

/** The Failure for what Pulumi said: where a container did not become healthy, with what that container said itself. */
export async function explain(diagnostics: string): Promise<Failure> {
  const words = NOT_HEALTHY.test(diagnostics) ? await lastWords() : [];
  return new Failure(withLastWords(diagnostics, words), exitCodeOf(diagnostics));
}

/** 2 where the diagnostics say that a broker is away or did not become healthy. */
export function exitCodeOf(diagnostics: string): ExitCode {
  if (NOT_HEALTHY.test(diagnostics)) return 2;
  // One part a resource. The Docker provider connects to the engine and to registries, neither of which is a broker.
  const parts = diagnostics.split(/^ {2}(?=\S)/m).filter((part) => !part.startsWith("docker:"));
  return parts.some((part) => NO_ANSWER.test(part)) ? 2 : 1;
}

/** The diagnostics, and below them the last lines of each container's log. */
export function withLastWords(diagnostics: string, words: LastWords[]): string {
  const logs = words.flatMap(({ container, lines }) =>
    lines.length === 0
      ? [`${container} is not healthy, and printed nothing.`]
      : [`${container} is not healthy. Its last lines:`, ...lines.map((line) => `  ${line}`)],
  );
  return [diagnostics, ...logs].join("\n");
}

async function lastWords(): Promise<LastWords[]> {
  try {
    const { containers } = await readLive();
    const ours = containers.filter((container) => container.stack === stack).map(({ name }) => name);
    return await Promise.all((await unhealthy(ours)).map(lastWordsOf));
  } catch {
    return []; // Pulumi's own words must not be lost to an engine that has gone as well.
  }
}

async function lastWordsOf(container: string): Promise<LastWords> {
  // The log of a container comes on the two outputs that it was written to.
  const { stdout, stderr } = await capture("docker", ["logs", "--tail", String(LOG_LINES), container]);
  return { container, lines: `${stdout}\n${stderr}`.split(/\r?\n/).filter((line) => line.trim() !== "") };
}
