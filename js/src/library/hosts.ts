/** Which hosts a picker shows. */

/**
 * `hosts` that fit what was typed: that very one, those that begin so, others; among them recent ones first. What was
 * typed itself is the last, where it is no host of the list.
 */
export function choices(
  typed: string,
  hosts: readonly string[],
  recents: readonly string[]
): string[] {
  const wanted = typed.trim();
  const ordered = [...new Set([...recents, ...hosts])];
  const fitting = ordered
    .filter(host => rank(host, wanted) >= 0)
    .sort((a, b) => rank(b, wanted) - rank(a, wanted));
  return wanted === '' || ordered.includes(wanted) ? fitting : [...fitting, wanted];
}

/** How well `host` fits, negative if it does not. */
function rank(host: string, wanted: string): number {
  const [name, part] = [host.toLowerCase(), wanted.toLowerCase()];
  if (name === part) {
    return 2;
  }
  return name.startsWith(part) ? 1 : name.includes(part) ? 0 : -1;
}
