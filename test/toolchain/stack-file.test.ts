import { expect, test } from "vitest";
import { hasSecretsProvider, saltOf, withoutSalt, withSalt } from "../../toolchain/stack-file.ts";

const text = "# ports { as they are }\nconfig:\n  messaging:brokers: local # here\n";
const salt = "encryptionsalt: v1:abc=:v1:def";

test("the salt is added as the last line and taken out again, and the rest is untouched", () => {
  expect(withSalt(text, salt)).toBe(`${text}${salt}\n`);
  expect(withoutSalt(withSalt(text, salt))).toBe(text);
});

test("a salt that is there is replaced", () => {
  expect(withSalt(`encryptionsalt: v1:old\n${text}`, salt)).toBe(`${text}${salt}\n`);
});

test("a file without a last line break and a file that is empty get a salt line of their own", () => {
  expect(withSalt("config: {}", salt)).toBe(`config: {}\n${salt}\n`);
  expect(withSalt("", salt)).toBe(`${salt}\n`);
  expect(withoutSalt(`config: {}\n${salt}`)).toBe("config: {}\n");
});

test("the salt of a text is found where there is one, and only as a key of the top", () => {
  expect(saltOf(withSalt(text, salt))).toBe(salt);
  expect(saltOf(text)).toBeUndefined();
  expect(saltOf(`config:\n  ${salt}\n`)).toBeUndefined();
});

test.each([
  ["secretsprovider: awskms://alias/state?region=eu-central-1\nencryptedkey: abc\n", true],
  ["config: {}\nsecretsprovider: default\n", true],
  ["secretsprovider: passphrase\nencryptionsalt: v1:a\n", false],
  ["config:\n  secretsprovider: awskms://k\n", false],
  ["# secretsprovider: awskms://k\n", false],
])("the secrets of %j are another provider's than a passphrase's: %s", (file, expected) => {
  expect(hasSecretsProvider(file)).toBe(expected);
});
