/** @module The environment of processes that read untrusted files. */

const SECRET = /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL/i;
/** An address with a password, as of Redis, a tracking server or a proxy. */
const WITH_PASSWORD = /:\/\/[^/\s]*:[^/\s]*@/;

/**
 * The variables of this process without those whose names say that they hold keys, tokens, passwords or credentials, and those
 * whose values are addresses with a password.
 */
export function environmentWithoutSecrets(): NodeJS.ProcessEnv {
  const isSecret = (name: string, value = "") => SECRET.test(name) || WITH_PASSWORD.test(value);
  return Object.fromEntries(Object.entries(process.env).filter(([name, value]) => !isSecret(name, value)));
}
