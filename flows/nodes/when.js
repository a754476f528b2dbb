export { default } from './when-node.ts';
