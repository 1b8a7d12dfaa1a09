import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it } from "vitest";
import { dropDebugLog } from "../../infra/debugLog.ts";

const sdk = createRequire(import.meta.url)("@pulumi/pulumi/log") as { debug: typeof pulumi.log.debug };
const before = sdk.debug;
afterEach(() => {
  sdk.debug = before;
});

describe("the SDK's debug log", () => {
  it("is dropped where the SDK itself calls it, as it holds secrets", async () => {
    dropDebugLog();
    expect(sdk.debug).not.toBe(before);
    expect(sdk.debug).toBe(pulumi.log.debug);
    await expect(sdk.debug("a secret")).resolves.toBeUndefined();
  });
});
