/** What our set-up reads and changes in the text of a `Pulumi.<stack>.yaml`: the salt, which belongs to one clone's passphrase, and nothing else. */

const SALT = /^encryptionsalt:.*(?:\r?\n|$)/gm;

/** Whether the environment's secrets are another provider's than a passphrase's: a KMS key's, or Pulumi Cloud's own. */
export const hasSecretsProvider = (text: string): boolean => /^secretsprovider:[ \t]*(?!passphrase\b)\S/m.test(text);

/** The text without the salt line. */
export function withoutSalt(text: string): string {
  return text.replace(SALT, "");
}

/** The salt line of a text, if it has one. */
export function saltOf(text: string): string | undefined {
  return /^encryptionsalt:.*$/m.exec(text)?.[0];
}

/** The text with this salt line at its end, and the rest exactly as it was: Pulumi would lay the whole file out anew. */
export function withSalt(text: string, salt: string): string {
  const rest = withoutSalt(text);
  return `${rest}${rest === "" || rest.endsWith("\n") ? "" : "\n"}${salt}\n`;
}
