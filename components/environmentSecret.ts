import * as pulumi from "@pulumi/pulumi";

/**
 * The one secret of an environment: 32 random bytes, made at the first update and kept, encrypted, in the state.
 * Every password is derived from it (`derivePassword`). Destroying it gives every user another password at the next update.
 */
export class EnvironmentSecret extends pulumi.CustomResource {
  /** 32 bytes as base64url; always a secret. */
  declare readonly value: pulumi.Output<string>;

  constructor(name: string, opts: pulumi.CustomResourceOptions = {}) {
    super("messaging-extras:index:EnvironmentSecret", name, { value: undefined }, secretValue(opts));
  }
}

function secretValue(opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions({ additionalSecretOutputs: ["value"] }, opts);
}
