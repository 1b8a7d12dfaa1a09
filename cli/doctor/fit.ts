import type { OperatorAccess } from "../../client/operator.ts";
import type { Finding } from "./finding.ts";

/** A look that throws an UnfitError. */
interface Identifying {
  identity(): Promise<unknown>;
  close(): Promise<void>;
}

/** Brokers that this project does not work with: too old, a replica, of an unsupported kind. What does not answer, others tell of. */
export async function fitFindings({ rabbitmq, kafka, redis = {} }: Omit<OperatorAccess, "retry">): Promise<Finding[]> {
  const looks: [string, Identifying][] = [];
  for (const [instance, access] of Object.entries(redis))
    looks.push([`redis/${instance}`, (await import("../../live/redisIdentity.ts")).redisIdentity(access)]);
  if (rabbitmq) looks.push(["rabbitmq", (await import("../../live/rabbitmqIdentity.ts")).rabbitmqIdentity(rabbitmq)]);
  if (kafka) looks.push(["kafka", (await import("../../live/kafkaIdentity.ts")).kafkaIdentity(kafka)]);
  const { UnfitError } = await import("../../live/fit.ts");
  const found = await Promise.all(
    looks.map(async ([place, look]): Promise<Finding[]> => {
      try {
        await look.identity();
      } catch (error) {
        if (error instanceof UnfitError && !NO_PRIMARY.test(error.message))
          return [{ trouble: "broker", place, found: error.message, ...ADVICE }];
      } finally {
        await look.close();
      }
      return [];
    }),
  );
  return found.flat();
}

/** That a server of Redis is no primary is told with what its streams hold, which cannot be known. */
const NO_PRIMARY = /^must be (the primary|a server of its own)/;

const ADVICE = {
  cause: "The address leads to another broker than before, or it was made by an older one.",
  fix: "Give the address of one that is supported, or upgrade it: docs/environments.md, Versions. npx pulumi up refuses it until then.",
};
