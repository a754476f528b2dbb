export { default } from './kinds/offer-node.ts';
