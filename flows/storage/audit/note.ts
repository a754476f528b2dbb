/** The signed head, as central gets it: a line at the end of the first message of each that goes to a person anyway. Mails lie where nobody at the centre can change them. */
import { filled, type MessageLanguage, wordsIn } from '@sabha/contracts';
import type { Head } from './chain.ts';
import { shortHash } from './heads.ts';

type Reader = { id: string; role: string; language: MessageLanguage };
/** What a message to somebody carries at its end. */
export type Note = ReturnType<typeof createNote>;

/** `signed`: the head that was signed for last. What is remembered goes with the process: then a line comes twice. */
export function createNote(signed: () => (Head & { at: number }) | undefined) {
  const known = new Map<string, number>();
  return {
    /** Undefined where the person is not of central, or has it already. */
    lineFor({ id, role, language }: Reader): string | undefined {
      const head = signed();
      if (head === undefined || role !== 'central' || known.get(id) === head.row) return undefined;
      const date = new Date(head.at).toISOString().slice(0, 10);
      return filled(wordsIn(language).message.auditHead, { date, row: head.row, hash: shortHash(head.hash) });
    },
    /** A message with the line of now arrived. */
    arrived(person: string): void {
      const head = signed();
      if (head !== undefined) known.set(person, head.row);
    },
  };
}
