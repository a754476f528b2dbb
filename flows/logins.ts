/** The logins of the centre, and the first of them. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadText, replaceFile } from '@sabha/contracts';
import type { Base, Log } from './base.ts';
import { type Accounts, createAccounts, firstName, type Made } from './pki/accounts/accounts.ts';
import { createPasswords } from './pki/accounts/password.ts';

/** 32 random bytes as text. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Options of the accounts. `programsFile` lists the programs of this machine. The file of the first secret is deleted when the secret is used. */
export async function openAccounts(
  { ledger, clock, dataDir, log }: Base,
  { now, programsFile }: { now(): number; programsFile: string | undefined },
): Promise<Accounts> {
  const secretGone = (name: string) => {
    if (name === firstName) rmSync(firstSecretIn(dataDir), { force: true });
  };
  const programs = programsFile === undefined ? [] : JSON.parse(loadText(programsFile));
  const given = { contents: await ledger.accounts(), programs, passwords: createPasswords(), commit: ledger.commit };
  return createAccounts({ ...given, now, up: clock.up, newToken, log, secretGone });
}

/** Where the first secret goes: `screen` is there where a person looks on. */
type SaidTo = { dataDir: string; log: Log; screen: { write(text: string): unknown } | undefined };

/** To a person who looks on, this once; where nobody does, what is written may be kept as a log, so it goes into a file of its own. */
export function sayFirst(made: Made | undefined, { dataDir, log, screen }: SaidTo): void {
  if (!made?.ok) return;
  const { name, secret } = made;
  if (screen !== undefined) {
    screen.write(`Nobody can log in yet, so there is an account now. Name: ${name}  Secret, shown this once: ${secret}\n`);
    return;
  }
  const file = firstSecretIn(dataDir);
  replaceFile(file, `${secret}\n`);
  log.info(
    { file },
    `nobody can log in yet, so there is an account "${name}": its secret is in this file, for one login within three days`,
  );
}

function firstSecretIn(dataDir: string): string {
  return join(dataDir, 'first-secret');
}
