import { expect, test } from 'vitest';
import { routeOf } from './route.js';

test.each([
  ['', 'nation', ''],
  ['#/', 'nation', ''],
  ['#/nation/ladakh', 'nation', 'ladakh'],
  ['#/site/ladakh/leh', 'site', 'ladakh/leh'],
  ['#/incident/7', 'incident', '7'],
  ['#/rollcall', 'rollcall', ''],
  ['#/rollcall/r-1', 'rollcall', 'r-1'],
  ['#/roster', 'roster', ''],
  ['#/roster/asha', 'roster', 'asha'],
])('"%s" is the view %s of "%s"', (hash, view, at) => {
  expect(routeOf(hash)).toEqual({ view, at });
});

test.each([
  '#/site/ladakh',
  '#/site/a/b/c',
  '#/incident/x',
  '#/rollcall/../x',
  '#/roster/../x',
  '#/nation/<img>',
  '#nowhere',
  '#/site/../../api',
])('an invalid address gives the nation: "%s"', (hash) => {
  expect(routeOf(hash)).toEqual({ view: 'nation', at: '' });
});
