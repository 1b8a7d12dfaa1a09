import { hkdfSync } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** The pure part of `derivePassword`: 32 bytes of HKDF-SHA256 over the secret, in base64url (43 characters). */
export function passwordFrom(secret: string, purpose: string): string {
  return Buffer.from(hkdfSync("sha256", secret, "", purpose, 32)).toString("base64url");
}

/** Stands for an environment's secret in the preview that comes before it is made. */
const BEFORE_IT_IS_MADE = "not made yet";

/**
 * The password for one purpose, such as `rabbitmq/order-service`, derived from the environment's secret. The same secret and
 * purpose always give the same password, and no password tells anything about another. Always a Pulumi secret.
 */
export function derivePassword(secret: pulumi.Input<string>, purpose: string): pulumi.Output<string> {
  return pulumi.secret(madeOrNot(secret).apply((value) => passwordFrom(value, purpose)));
}

/** Never unknown, not even in the first preview of an environment: there Kafka's provider (0.13.1) panics on a password that is. */
function madeOrNot(secret: pulumi.Input<string>): pulumi.Output<string> {
  const output = pulumi.output(secret);
  if (!pulumi.runtime.isDryRun()) return output;
  // The SDK keeps it out of its types.
  const { isKnown } = output as unknown as { isKnown: Promise<boolean> };
  return pulumi.output(isKnown.then((known) => (known ? output : BEFORE_IT_IS_MADE)));
}
