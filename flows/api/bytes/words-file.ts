/** The words of faults and of the domain as a file. A module of its own: the channels that it loads are slow to load. */
import { faultIds, faults, languages, reasons } from '@sabha/contracts';
import { wordsOf } from '../../notify/people/channels/channels.ts';
import { fileOf, type StaticFile } from './files.ts';

/** The words as they are sent. */
export function wordsFile(): StaticFile {
  const titles = Object.fromEntries(faultIds.map((id) => [id, { title: faults[id].title, action: faults[id].action }]));
  const all = Object.fromEntries(languages.map((language) => [language, wordsOf(language)]));
  return fileOf(Buffer.from(JSON.stringify({ faults: titles, reasons, words: all })), 'application/json; charset=utf-8');
}
