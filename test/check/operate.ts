/** Reads the commands of the pages for administrators and finds those that tests run exactly as written. */
import { readFileSync } from 'node:fs';
import type { SourceFile } from './source.ts';
import { eachNode, nameOf, parse, textOf } from './syntax.ts';

const pages = ['install/server', 'operations/upgrade', 'operations/backup', 'operations/monitoring'];
const page = pages.map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')).join('\n');
const fences = [...page.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
const isCommand = /^(sudo )?(apt|install|npm|sabha|systemctl|journalctl|curl|df|du|nft) [^ ]/;

/**
 * Returns each command of the pages once, in the form for an installed server. Commands are in tables, sentences or blocks without a
 * language.
 */
export function writtenCommands(): string[] {
  const lines = fences.filter(({ language }) => language === '').flatMap(({ text }) => text.trim().split('\n'));
  const prose = page.replaceAll(/^```.*?^```$|<!--.*?-->/gms, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  // A text that ends with two hyphens is only the start of a command.
  const found = [...lines, ...spans].filter((text) => isCommand.test(text) && !text.endsWith('--'));
  return [...new Set(found.map(asTyped))].sort();
}

/**
 * Returns a command of the pages for a shell of root, with the names in capitals replaced.
 * Throws if no page has it, so that tests run what people read.
 */
export function asWritten(command: string, names: Record<string, string> = {}): string {
  if (!writtenCommands().includes(asTyped(command))) throw new Error(`no page for administrators has the command "${command}"`);
  return Object.entries(names).reduce((text, [name, value]) => text.replaceAll(name, value), command.replace(/^sudo /, ''));
}

/** Returns the only block of the pages in a language. Throws if there is none or more than one. */
export function blockOf(language: string): string {
  const [found, ...others] = fences.filter((one) => one.language === language);
  if (found === undefined || others.length > 0)
    throw new Error(`the pages for administrators do not have exactly one block of ${language}`);
  return found.text;
}

export function settingsBlocks(): string[] {
  return fences.filter(({ language }) => language === 'json').map(({ text }) => text);
}

/** Returns the languages of the blocks that are neither shell nor settings. */
export function blockLanguages(): string[] {
  return fences.map(({ language }) => language).filter((language) => !['', 'json'].includes(language));
}

/** Returns the literal arguments that a test file passes to the function of that name. */
export function givenTo(called: 'asWritten' | 'blockOf', file: SourceFile): string[] {
  const found: string[] = [];
  eachNode(parse(file).program, (node) => {
    if (node.type !== 'CallExpression' || nameOf(node.callee) !== called) return;
    const text = textOf(node.arguments[0]);
    if (text !== undefined) found.push(called === 'asWritten' ? asTyped(text) : text);
  });
  return found;
}

/** Converts a command to the short form of an installed server, without `sudo`. */
function asTyped(command: string): string {
  return command.replace(/^sudo /, '').replace(/^npm run (-s )?sabha -- /, 'sabha ');
}
