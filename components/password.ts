import { hkdfSync } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** The pure part of `derivePassword`: 32 bytes of HKDF-SHA256 over the secret, in base64url (43 characters). */
export function passwordFrom(secret: string, purpose: string): string {
  return Buffer.from(hkdfSync("sha256", secret, "", purpose, 32)).toString("base64url");
}

/**
 * The password for one purpose, such as `rabbitmq/order-service`, derived from the environment's secret. The same secret and
 * purpose always give the same password, and no password tells anything about another. Always a Pulumi secret.
 */
export function derivePassword(secret: pulumi.Input<string>, purpose: string): pulumi.Output<string> {
  return pulumi.secret(pulumi.output(secret).apply((value) => passwordFrom(value, purpose)));
}
