// The RoPE base of the tables in a v0 file.

/** The theta of every model's tables: the reference exporter writes the tables so, and readers skip them. */
export const V0_ROPE_THETA = 10000;
