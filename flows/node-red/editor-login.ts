/** Who may open the editor: whoever reads the secret on this machine, and the accounts of the centre that may change the tabs. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { EditorLogin } from './settings.ts';

/** The name of whoever sits at this machine. */
export const editorUser = 'sabha';

/** The accounts as the editor asks them. */
export type Vouching = {
  /** May this account change the tabs? */
  mayEdit(name: string): boolean;
  /** Is the password its own? */
  proves(name: string, password: string): Promise<boolean>;
};

/** `secret`: of the machine's own user; empty = there is no such user. */
export function editorLogin(secret: string, accounts?: Vouching): EditorLogin {
  const isOwn = (name: string) => name === editorUser && secret !== '';
  return {
    knows: (name) => isOwn(name) || accounts?.mayEdit(name) === true,
    async proves(name, password) {
      if (isOwn(name) && equal(password, secret)) return true;
      return accounts?.mayEdit(name) === true && accounts.proves(name, password);
    },
  };
}

function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
