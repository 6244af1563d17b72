/** @module The environment of processes that read untrusted files. */

const SECRET = /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL/i;

/** The variables of this process without those whose names say that they hold keys, tokens, passwords or credentials. */
export function environmentWithoutSecrets(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET.test(name)));
}
