// Names of Llama models in ollama's library, and the repositories that hold the same weights unquantized.

/** Sizes by family; the first is what the family's name alone means. */
const families: Readonly<
  Record<string, { readonly sizes: readonly string[]; readonly repo: (size: string) => string }>
> = {
  'llama3.2': { sizes: ['3b', '1b'], repo: (size) => `meta-llama/Llama-3.2-${size}` },
  'llama3.1': { sizes: ['8b', '70b', '405b'], repo: (size) => `meta-llama/Llama-3.1-${size}` },
  'llama3.3': { sizes: ['70b'], repo: (size) => `meta-llama/Llama-3.3-${size}` },
  llama3: { sizes: ['8b', '70b'], repo: (size) => `meta-llama/Meta-Llama-3-${size}` },
};

/** `llama3.2`, `llama3.2:1b`, `library/llama3.2:3b-instruct-q8_0` → the repository; null for other names. */
export function repositoryOfOllamaName(name: string): string | null {
  const [, model, tag = 'latest'] =
    /^(?:(?:registry\.)?ollama\.(?:ai|com)\/)?(?:library\/)?([\w.-]+)(?::([\w.-]+))?$/i.exec(name) ?? [];
  const family = families[(model ?? '').toLowerCase()];
  if (family === undefined) return null;
  const parts = tag.toLowerCase().split('-');
  const size = parts[0] === 'latest' || !/^\d/.test(parts[0]!) ? family.sizes[0]! : parts[0]!;
  if (!family.sizes.includes(size)) return null;
  return `${family.repo(size.toUpperCase())}${parts.includes('text') ? '' : '-Instruct'}`;
}
