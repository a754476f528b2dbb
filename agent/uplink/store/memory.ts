/** What is remembered of a word by the name of its key, on the disk of this PC and over restarts. */
export type Memory = {
  recall(key: string): string | undefined;
  /** False where the disk refused it. */
  remember(key: string, value: string): boolean;
};
