/** A line of a file of prompts that is none: what was found, and what was expected. */
export class BadLine extends Error {}
