import { describe } from "vitest";
import { itKeepsDeadLetters } from "./deadLettersSpec.ts";
import { FakeDeadLetters, letter } from "./fakeDeadLetters.ts";

describe("dead letters in memory", () => {
  itKeepsDeadLetters(async () => {
    const letters = new FakeDeadLetters([]);
    return {
      letters,
      fill: async (ids) => void letters.letters.push(...ids.map((id) => letter(id))),
      redriven: async () => letters.redriven,
    };
  });
});
