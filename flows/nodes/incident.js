export { default } from './incident-node.ts';
