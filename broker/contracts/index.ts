/** The contracts: all that the four parts know of each other. This folder imports nothing of ours. */
export * from './api.ts';
export * from './clock.ts';
export * from './faults.ts';
export * from './links.ts';
export * from './messages.ts';
export * from './reasons.ts';
export * from './registry.ts';
export * from './series.ts';
export * from './session.ts';
export * from './settings.ts';
export * from './signed.ts';
export * from './sites.ts';
export * from './start.ts';
export * from './states.ts';
export * from './topics.ts';
export * from './update.ts';
