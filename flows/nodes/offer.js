export { default } from './offer-node.ts';
