/** Who may open the editor: whoever reads the secret on this machine, and the accounts of the centre that may change the tabs. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** The name of whoever sits at this machine. */
export const editorUser = 'sabha';

/** Who may open the editor: each may deploy, and each Deploy bears the name. */
export type EditorLogin = ReturnType<typeof editorLogin>;

type Vouching = { mayEdit(name: string): boolean; proves(name: string, password: string): Promise<boolean> };

/** `secret`: of the machine's own user; empty = there is no such user. `accounts`: those that may change the tabs. */
export function editorLogin(secret: string, accounts?: Vouching) {
  const isOwn = (name: string) => name === editorUser && secret !== '';
  return {
    /** Asked again with every request: an account may lose its right. */
    knows: (name: string): boolean => isOwn(name) || accounts?.mayEdit(name) === true,
    async proves(name: string, password: string): Promise<boolean> {
      if (isOwn(name) && equal(password, secret)) return true;
      return accounts?.mayEdit(name) === true && accounts.proves(name, password);
    },
  };
}

function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
