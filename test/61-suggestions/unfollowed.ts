export const unfollowed: readonly (readonly [reason: string, sites: readonly string[]])[] = [];
