import { stopCommands } from "./command.ts";
import { Failure, messageOf } from "./failure.ts";
import { reportTo } from "./progress.ts";

/** `npm start`, `npm run down` and `npm run setup`, once the npm packages are there. */
const verbs = {
  start: () => import("./up.ts").then(({ up }) => up),
  down: () => import("./down.ts").then(({ down }) => down),
  setup: () => import("./setup.ts").then(({ setup }) => setup),
};

const usage = `Usage: npm start          makes the local environment of skill.yaml, or brings it up to date
       npm run setup      installs all that this and the tests need, and makes nothing
       npm run down       destroys the local environment, unless a broker holds messages that nobody has consumed
       npm run down -- --discard-messages    destroys it with all that its brokers hold
`;

async function main(args: string[]): Promise<number> {
  const [verb = "start", ...rest] = args;
  if (verb === "--help" || verb === "-h" || rest.includes("--help")) {
    process.stdout.write(usage);
    return 0;
  }
  const discardMessages = verb === "down" && rest.length === 1 && rest[0] === "--discard-messages";
  if (!(verb in verbs) || (rest.length > 0 && !discardMessages)) {
    process.stderr.write(usage);
    return 1;
  }
  const stopped = { by: "" };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // The first one lets a command finish what it is at, as Pulumi does; a second one ends it where it is.
      stopCommands(stopped.by === "" ? "SIGINT" : "SIGKILL");
      stopped.by = signal;
    });
  }
  try {
    const run = await verbs[verb as keyof typeof verbs]();
    await run(reportTo(process.stdout), { discardMessages });
    return 0;
  } catch (error) {
    if (stopped.by !== "") process.stderr.write("Stopped. The same command goes on from here.\n");
    else process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof Failure ? error.exitCode : 1;
  }
}

// A reader that has gone, as of `npm start | head`, is no reason to stop.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.exitCode = await main(process.argv.slice(2));
