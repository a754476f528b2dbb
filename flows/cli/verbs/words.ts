/** The verb of the words that people are told. */
import type { Answer, Call, Verb } from '../kit/model.ts';

/** By its words. */
export const words: Record<string, Verb> = {
  'words export': {
    usage: '[FILE]',
    does: { en: 'Writes the texts for SMS as they have to be registered.', hi: 'SMS के संदेश लिखता है, जैसे उन्हें रजिस्टर कराना है।' },
    words: [0, 1],
    run: exportAll,
  },
};

/** A spreadsheet needs the mark of UTF-8 at the start of a file; a terminal does not. */
async function exportAll({ api, words: [file], writeText }: Call): Promise<Answer> {
  const csv = await api.text('/api/words/sms.csv');
  if (file === undefined) return { ok: true, json: { csv }, text: csv.trimEnd() };
  await writeText(file, `\ufeff${csv}`);
  return { ok: true, json: { file }, text: `${file} is written: register each text, then each address in register_url` };
}
