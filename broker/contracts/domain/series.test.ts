import { describe, expect, test } from 'vitest';
import { allSeries, beatSeries, type Series } from './series.ts';

/** Base units of Prometheus, and "ratio" for shares. */
const baseUnits = ['seconds', 'bytes', 'celsius', 'meters', 'ratio'];
const otherUnits = /_(milliseconds|ms|minutes|hours|days|kilobytes|mib|mb|kb|percent|fahrenheit|milli\w*)(_|$)/;

describe.each(allSeries.map((one): [string, Series] => [one.name, one]))('%s', (name, series) => {
  test('follows the naming rules of Prometheus', () => {
    expect(name).toMatch(/^sabha(_[a-z][a-z0-9]*)+$/);
    expect(name).not.toMatch(/_(count|sum|bucket)$/);
    if (name.endsWith('_info')) expect(series.help).toMatch(/^Always 1: /);
  });

  test('ends with _total if and only if it is a counter', () => {
    expect(name.endsWith('_total')).toBe(series.type === 'counter');
  });

  test('ends with its base unit, if it has a unit', () => {
    expect(name).not.toMatch(otherUnits);
    const words = name.replace(/_total$|_per_second$/, '').split('_');
    for (const unit of baseUnits) if (words.includes(unit)) expect(words.at(-1)).toBe(unit);
  });

  test('has one sentence as its help', () => {
    expect(series.help).toMatch(/^[A-Z0-9][^\n]{10,118}\.$/);
  });

  test('has valid, unique and unreserved labels', () => {
    for (const label of series.labels) expect(label).toMatch(/^(?!le$|quantile$|job$|instance$)[a-z][a-z_]*$/);
    expect(new Set(series.labels).size).toBe(series.labels.length);
  });
});

test('every name occurs once in the table', () => {
  const names = allSeries.map((one) => one.name);
  expect(new Set(names).size).toBe(names.length);
});

test('the numbers of a beat have valid keys and are gauges of a PC', () => {
  for (const [key, series] of Object.entries(beatSeries)) {
    expect(key).toMatch(/^[a-z]{1,16}$/);
    expect(series.labels).toEqual(['state', 'site', 'pc']);
    expect(series.type).toBe('gauge');
  }
});
