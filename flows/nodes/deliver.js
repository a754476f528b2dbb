export { default } from './deliver-node.ts';
