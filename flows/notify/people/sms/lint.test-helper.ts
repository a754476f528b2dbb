/** Checks SMS texts for faults that an operator would refuse. */

import { longestText, registeredText, type SmsTemplate, segmentLimit, sizeOf, tags } from './sms.ts';

export function lintTemplates(templates: readonly SmsTemplate[]): string[] {
  const ids = templates.map(({ id }) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id}: stands twice`);
  return [...twice, ...templates.flatMap((one) => faultsOf(one).map((what) => `${one.id}: ${what}`))];
}

function faultsOf(template: SmsTemplate): string[] {
  const { text, blanks } = template;
  const { segments, units, encoding } = sizeOf(longestText(template));
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const fixed = text.replace(/\{\w+\}/g, ' ');
  return [
    ...(segments > segmentLimit
      ? [`takes ${segments} segments at its longest (${units} units of ${encoding}), at most ${segmentLimit}`]
      : []),
    ...names.filter((name) => !blanks.some((one) => one.name === name)).map((name) => `{${name}} has no tag`),
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `{${name}} stands twice`),
    ...blanks
      .filter(({ tag, limit }) => limit > tags[tag].limit)
      .map(({ name, tag }) => `{${name}} is longer than ${tags[tag].written} may be`),
    ...(/\}\s*\{/.test(text) ? ['two blanks have nothing between them'] : []),
    ...(/https?:|\d{6,}|\S@\S/.test(fixed) ? ['an address or a number stands in its text, where nobody registers it'] : []),
    ...(fixed.includes(brand) ? [] : [`does not say who sends it ("${brand}")`]),
    ...(registeredText(template).includes('{') ? ['has a brace that is no blank'] : []),
  ];
}

/** Every text contains this name: operators refuse a text that does not name its sender. */
const brand = 'Sabha';
