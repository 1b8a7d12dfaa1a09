import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { earlierOutputs } from "../../../infra/former/earlier.ts";

/** An engine that answers with these, one after the other; the last one again and again. */
async function answering(...answers: (object | Error)[]): Promise<() => number> {
  let asked = 0;
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
    call: () => {
      const answer = answers[Math.min(asked, answers.length - 1)]!;
      asked++;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return () => asked;
}
/** As gRPC tells it. */
const failure = (details: string) => Object.assign(new Error(details), { code: 2, details });
const cutShort = failure("failed to load checkpoint: EOF");

it("reads the state again that the engine is writing at that moment", async () => {
  const outputs = { summary: [] };
  const asked = await answering(cutShort, cutShort, { outputs });
  expect(await earlierOutputs()).toEqual(outputs);
  expect(asked()).toBe(3);
});

it("says what is wrong with a state that nobody may read, at once", async () => {
  const asked = await answering(failure("no access"));
  await expect(earlierOutputs()).rejects.toThrow("no access");
  expect(asked()).toBe(1);
});

it("knows nothing of an environment that was not there", async () => {
  await answering({});
  expect(await earlierOutputs()).toEqual({});
});
